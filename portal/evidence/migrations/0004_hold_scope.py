"""What a hold names stands in a unit, so that another unit does not read it."""

import django.db.models.deletion
from django.db import migrations, models

FILL = r"""
-- The rows are kept as they were by a trigger; learning where they stand changes nothing they say.
ALTER TABLE evidence_helditem DISABLE TRIGGER evidence_keep_rows;

UPDATE evidence_helditem SET unit_id = (SELECT id FROM accounts_unit WHERE parent_id IS NULL);

UPDATE evidence_helditem item SET system_id = system.id, unit_id = system.unit_id
FROM registry_system system, django_content_type kind
WHERE kind.id = item.subject_type_id AND kind.app_label = 'registry' AND kind.model = 'system'
  AND system.id = item.subject_id;

UPDATE evidence_helditem item SET system_id = evidence.system_id, unit_id = evidence.unit_id
FROM evidence_evidence evidence, django_content_type kind
WHERE kind.id = item.subject_type_id AND kind.app_label = 'evidence' AND kind.model = 'evidence'
  AND evidence.id = item.subject_id;

SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE evidence_helditem ENABLE TRIGGER evidence_keep_rows;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("evidence", "0003_private"),
        ("registry", "0002_environments"),
    ]

    operations = [
        migrations.AddField(
            model_name="helditem",
            name="system",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.system",
            ),
        ),
        migrations.AddField(
            model_name="helditem",
            name="unit",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.unit",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="helditem",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
            ),
        ),
    ]
