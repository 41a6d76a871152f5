from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_environments")]
    operations = [
        migrations.AddField(
            model_name="modelversion",
            name="location",
            field=models.TextField(
                blank=True,
                default="",
                help_text="Where the files are, if the source names another version that has them",
            ),
            preserve_default=False,
        ),
    ]
