"""The three environments every organisation has; more are added by the administrator."""

from django.db import migrations

ENVIRONMENTS = (
    ("development", "Development", "observes", 10),
    ("staging", "Staging", "warns", 20),
    ("production", "Production", "enforces", 30),
)


def add(apps, _schema_editor):
    Environment = apps.get_model("registry", "Environment")
    for slug, name, mode, order in ENVIRONMENTS:
        Environment.objects.get_or_create(slug=slug, defaults={"name": name, "mode": mode, "order": order})


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
