import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_guards")]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                django.db.models.expressions.OrderBy(models.F("closed_at"), descending=True, nulls_first=True),
                models.F("due_on"),
                django.db.models.expressions.OrderBy(models.F("id"), descending=True),
                name="case_open_first",
            ),
        ),
    ]
