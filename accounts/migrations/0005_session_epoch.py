from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_saved_views")]

    operations = [
        migrations.AddField("user", "session_epoch", models.PositiveIntegerField(default=0, editable=False)),
    ]
