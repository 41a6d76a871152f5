"""A segment that was sealed of small deliveries belongs to no single one."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0003_append_only")]
    operations = [
        migrations.AlterField(
            model_name="segment",
            name="batch",
            field=models.ForeignKey(
                help_text="None: sealed of several deliveries",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="segments",
                to="monitoring.batch",
            ),
        ),
    ]
