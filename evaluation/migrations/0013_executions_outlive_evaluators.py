import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('evaluation', '0012_jobs_in_order'),
    ]

    operations = [
        migrations.AddField(
            model_name='execution',
            name='evaluator_name',
            field=models.TextField(default='', db_default=''),
        ),
        migrations.AlterField(
            model_name='execution',
            name='evaluator',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='executions', to='evaluation.evaluator'),
        ),
    ]
