import common.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_session_epoch'),
        ('datasets', '0002_answers_by_trace'),
        ('evaluation', '0003_metrics'),
        ('llm', '0003_connection_limits_and_prices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Experiment',
            fields=[
                ('id', models.CharField(default=common.ids.new_id, editable=False, max_length=32, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('status', models.CharField(choices=[('PLANNED', 'planned'), ('RUNNING', 'running'), ('PAUSED', 'paused'), ('CAPPED', 'stopped by its cost cap'), ('CANCELLED', 'cancelled'), ('DONE', 'done')], default='PLANNED', max_length=9, verbose_name='status')),
                ('reason', models.TextField(blank=True)),
                ('version_at', models.DateTimeField()),
                ('item_filter', models.JSONField(default=dict)),
                ('item_count', models.PositiveIntegerField()),
                ('repetitions', models.PositiveSmallIntegerField(default=1)),
                ('mapping', models.JSONField(default=list)),
                ('extraction', models.JSONField(default=dict)),
                ('cost_cap', models.FloatField(blank=True, null=True)),
                ('use_cache', models.BooleanField(default=True)),
                ('concurrency', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('code_version', models.CharField(blank=True, max_length=100)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('spent', models.FloatField(default=0)),
                ('runner', models.CharField(blank=True, max_length=32)),
                ('beat_at', models.DateTimeField(blank=True, null=True)),
                ('author', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='datasets.dataset')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.project')),
            ],
            options={
                'verbose_name': 'experiment',
                'verbose_name_plural': 'experiments',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='ChosenEvaluator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mapping', models.JSONField(null=True)),
                ('position', models.PositiveSmallIntegerField()),
                ('evaluator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='evaluation.evaluator')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='evaluation.evaluatorversion')),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='evaluators', to='evaluation.experiment')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='Cell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('run_name', models.CharField(max_length=1000)),
                ('run_id', models.CharField(max_length=255)),
                ('total', models.PositiveIntegerField(default=0)),
                ('answered', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('cached', models.PositiveIntegerField(default=0)),
                ('scored', models.PositiveIntegerField(default=0)),
                ('unscored', models.PositiveIntegerField(default=0)),
                ('cost', models.FloatField(default=0)),
                ('latency', models.FloatField(default=0)),
                ('halted', models.TextField(blank=True)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cells', to='evaluation.experiment')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('repetition', models.PositiveSmallIntegerField(default=0)),
                ('state', models.CharField(choices=[('PENDING', 'waiting'), ('RUNNING', 'running'), ('SCORING', 'being scored'), ('DONE', 'done'), ('FAILED', 'failed')], default='PENDING', max_length=7)),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('error_kind', models.CharField(blank=True, default='', max_length=32)),
                ('error', models.TextField(blank=True, default='')),
                ('note', models.TextField(blank=True, default='')),
                ('cached', models.BooleanField(default=False)),
                ('cost', models.FloatField(null=True)),
                ('latency', models.FloatField(null=True)),
                ('scoring', models.JSONField(default=dict)),
                ('flawed', models.BooleanField(default=False)),
                ('finished_at', models.DateTimeField(null=True)),
                ('cell', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to='evaluation.cell')),
                ('experiment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to='evaluation.experiment')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='datasets.datasetitem')),
            ],
        ),
        migrations.CreateModel(
            name='KeptResponse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('answer', models.JSONField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.project')),
            ],
        ),
        migrations.CreateModel(
            name='ModelArm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('provider', models.CharField(max_length=200)),
                ('model', models.CharField(max_length=200)),
                ('parameters', models.JSONField(default=dict)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('connection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='llm.llmconnection')),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='models', to='evaluation.experiment')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.AddField(
            model_name='cell',
            name='model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cells', to='evaluation.modelarm'),
        ),
        migrations.CreateModel(
            name='PromptArm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=500)),
                ('version', models.PositiveIntegerField()),
                ('strategy', models.CharField(blank=True, max_length=200, verbose_name='strategy')),
                ('content', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prompts', to='evaluation.experiment')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.AddField(
            model_name='cell',
            name='prompt',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cells', to='evaluation.promptarm'),
        ),
        migrations.CreateModel(
            name='Rescoring',
            fields=[
                ('id', models.CharField(default=common.ids.new_id, editable=False, max_length=32, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('RUNNING', 'running'), ('CANCELLED', 'cancelled'), ('DONE', 'done')], default='RUNNING', max_length=9)),
                ('runs', models.JSONField(default=list)),
                ('evaluators', models.JSONField(default=list)),
                ('only_missing', models.BooleanField(default=False)),
                ('run_position', models.PositiveIntegerField(default=0)),
                ('after', models.CharField(blank=True, max_length=32)),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('cost', models.FloatField(default=0)),
                ('failures', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('runner', models.CharField(blank=True, max_length=32)),
                ('beat_at', models.DateTimeField(blank=True, null=True)),
                ('author', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.project')),
            ],
        ),
        migrations.AddIndex(
            model_name='experiment',
            index=models.Index(fields=['project', '-created_at', '-id'], name='experiment_newest'),
        ),
        migrations.AddIndex(
            model_name='experiment',
            index=models.Index(fields=['dataset', '-created_at'], name='experiment_of_dataset'),
        ),
        migrations.AddIndex(
            model_name='experiment',
            index=models.Index(condition=models.Q(('status', 'RUNNING')), fields=['beat_at'], name='experiment_running'),
        ),
        migrations.AddConstraint(
            model_name='chosenevaluator',
            constraint=models.UniqueConstraint(fields=('experiment', 'evaluator'), name='chosen_evaluator_once'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ['PENDING', 'RUNNING', 'SCORING'])), fields=['experiment', 'state', 'id'], name='job_open'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['experiment', 'finished_at'], name='job_finished'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('state', 'FAILED'), ('flawed', True), _connector='OR'), fields=['experiment', 'id'], name='job_faulty'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.UniqueConstraint(fields=('cell', 'item', 'repetition'), name='job_once'),
        ),
        migrations.AddConstraint(
            model_name='keptresponse',
            constraint=models.UniqueConstraint(fields=('project', 'key'), name='kept_response_once'),
        ),
        migrations.AddConstraint(
            model_name='modelarm',
            constraint=models.UniqueConstraint(fields=('experiment', 'position'), name='model_arm_once'),
        ),
        migrations.AddConstraint(
            model_name='promptarm',
            constraint=models.UniqueConstraint(fields=('experiment', 'position'), name='prompt_arm_once'),
        ),
        migrations.AddIndex(
            model_name='cell',
            index=models.Index(fields=['run_id'], name='cell_of_run'),
        ),
        migrations.AddConstraint(
            model_name='cell',
            constraint=models.UniqueConstraint(fields=('experiment', 'position'), name='cell_once'),
        ),
        migrations.AddIndex(
            model_name='rescoring',
            index=models.Index(fields=['project', '-created_at'], name='rescoring_newest'),
        ),
        migrations.AddIndex(
            model_name='rescoring',
            index=models.Index(condition=models.Q(('status', 'RUNNING')), fields=['beat_at'], name='rescoring_running'),
        ),
    ]
