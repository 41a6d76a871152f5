"""Beat rings every 30 seconds. More than one beat does no harm: one planner at a time has the lock."""

from django.db import migrations

NAME = "Plan what is due"
SECONDS = 30


def add(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    task = apps.get_model("django_celery_beat", "PeriodicTask")
    database = schema_editor.connection.alias
    every, _ = interval.objects.using(database).get_or_create(every=SECONDS, period="seconds")
    task.objects.using(database).update_or_create(
        name=NAME,
        defaults={"task": "portal.jobs.tick", "interval": every, "expire_seconds": SECONDS},
    )


def remove(apps, schema_editor):
    task = apps.get_model("django_celery_beat", "PeriodicTask")
    task.objects.using(schema_editor.connection.alias).filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(add, remove)]
