import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('evaluation', '0007_queues_fed_by_rules'),
    ]

    operations = [
        migrations.AlterField(
            model_name='execution',
            name='application',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='executions', to='evaluation.application'),
        ),
    ]
