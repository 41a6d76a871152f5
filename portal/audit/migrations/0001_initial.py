
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField()),
                ('happened_at', models.DateTimeField()),
                ('via', models.TextField()),
                ('action', models.TextField()),
                ('denied', models.BooleanField()),
                ('object_type', models.TextField(blank=True)),
                ('object_id', models.TextField(blank=True)),
                ('label', models.TextField(blank=True)),
                ('system_id', models.BigIntegerField(null=True)),
                ('unit_id', models.BigIntegerField(null=True)),
                ('effect', models.TextField(choices=[('none', 'Says nothing of the state'), ('changed', 'Leaves the named fields as `after` has them'), ('stated', 'Leaves the object as `after` has it'), ('ended', 'Ends the object')])),
                ('reason', models.TextField(blank=True)),
                ('request_id', models.TextField(blank=True)),
                ('body', models.TextField()),
                ('leaf', models.BinaryField(max_length=32)),
                ('actor', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'entries',
                'ordering': ['-happened_at', '-id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Pending',
            fields=[
                ('entry_id', models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name_plural': 'pending',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SealKey',
            fields=[
                ('key_id', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('public', models.CharField(max_length=64)),
                ('first_seal', models.BigIntegerField(unique=True)),
                ('endorsement', models.CharField(blank=True, max_length=128)),
                ('reason', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['first_seal'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='PersonalValue',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('person_id', models.BigIntegerField(db_index=True, null=True)),
                ('salt', models.CharField(max_length=32)),
                ('value', models.TextField()),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='personal_values', to='audit.entry')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('sealed_at', models.DateTimeField()),
                ('size', models.PositiveIntegerField(help_text='Entries in this batch')),
                ('root', models.CharField(max_length=64)),
                ('previous', models.CharField(max_length=64)),
                ('digest', models.CharField(max_length=64)),
                ('signature', models.CharField(max_length=128)),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seals', to='audit.sealkey')),
            ],
            options={
                'ordering': ['-number'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='position', serialize=False, to='audit.entry')),
                ('index', models.PositiveIntegerField()),
                ('seal', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='positions', to='audit.seal')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['-happened_at', '-id'], name='audit_by_time'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['system_id', '-happened_at', '-id'], name='audit_by_system'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['actor', '-happened_at', '-id'], name='audit_by_actor'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['action', '-happened_at', '-id'], name='audit_by_action', opclasses=['text_pattern_ops', 'timestamptz_ops', 'int8_ops']),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='audit_by_request'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('label'), name='text_pattern_ops'), condition=models.Q(('label', ''), _negated=True), name='audit_by_label'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['object_type', 'object_id', '-happened_at', '-id'], include=('effect',), name='audit_by_object'),
        ),
        migrations.AddConstraint(
            model_name='seal',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1), ('size__gte', 1)), name='seal_covers_something'),
        ),
        migrations.AddConstraint(
            model_name='position',
            constraint=models.UniqueConstraint(fields=('seal', 'index'), name='one_entry_per_position'),
        ),
    ]
