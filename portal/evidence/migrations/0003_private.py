from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evidence", "0002_guards")]

    operations = [
        migrations.AddField(
            model_name="evidence",
            name="private",
            field=models.BooleanField(default=False, help_text="Read only through what it is about"),
        ),
    ]
