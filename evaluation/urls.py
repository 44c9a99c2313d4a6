"""Pages, mounted below `/project/<id>/` by the project prefix."""

from django.urls import path

from evaluation.views.annotate import Annotate
from evaluation.views.annotation_desk import Desk
from evaluation.views.annotation_filling import Fill
from evaluation.views.annotation_items import ItemPage
from evaluation.views.annotation_queues import EditQueue, NewQueue, QueueAgreement, QueueExport, QueuePage, Queues
from evaluation.views.evaluator_trying import Preview, Try
from evaluation.views.evaluator_trying import Variables as EvaluatorVariables
from evaluation.views.evaluators import EditEvaluator, Evaluators, Library, NewEvaluator, OneEvaluator
from evaluation.views.executions import Log, OneApplication, RunOnChosen
from evaluation.views.experiments import (
    EstimateFragment,
    Manifest,
    NewExperiment,
    OneExperiment,
    StandardMetrics,
    Started,
    Versions,
)
from evaluation.views.judge_trust import JudgeTrust
from evaluation.views.playground import Inside, Items, NewColumn, OneDraft, Playground, Publish, Run, Variables
from evaluation.views.rescoring import OneRescoring, ScoreRuns
from evaluation.views.rules import EditRule, NewRule, OneRule, Rules, RuleTakes

urlpatterns = [
    path("annotate", Annotate.as_view(), name="annotate"),
    path("annotation", Queues.as_view(), name="annotation"),
    path("annotation/-/new", NewQueue.as_view(), name="annotation_new"),
    path("annotation/-/fill", Fill.as_view(), name="annotation_fill"),
    path("annotation/<str:queue_id>", QueuePage.as_view(), name="annotation_queue"),
    path("annotation/<str:queue_id>/edit", EditQueue.as_view(), name="annotation_edit"),
    path("annotation/<str:queue_id>/desk", Desk.as_view(), name="annotation_desk"),
    path("annotation/<str:queue_id>/agreement", QueueAgreement.as_view(), name="annotation_agreement"),
    path("annotation/<str:queue_id>/export", QueueExport.as_view(), name="annotation_export"),
    path("annotation/<str:queue_id>/items/<str:queue_item_id>", ItemPage.as_view(), name="annotation_item"),
    path("judge-trust", JudgeTrust.as_view(), name="judge_trust"),
    path("experiments/new", NewExperiment.as_view(), name="experiment_new"),
    path("experiments/new/estimate", EstimateFragment.as_view(), name="experiment_estimate"),
    path("experiments/new/versions", Versions.as_view(), name="experiment_versions"),
    path("experiments/new/metrics", StandardMetrics.as_view(), name="experiment_metrics"),
    path("experiments/started", Started.as_view(), name="experiments_started"),
    path("experiments/-/score", ScoreRuns.as_view(), name="score_runs"),
    path("experiments/-/scored/<str:rescoring_id>", OneRescoring.as_view(), name="rescoring"),
    path("experiments/<str:experiment_id>", OneExperiment.as_view(), name="experiment"),
    path("experiments/<str:experiment_id>/manifest", Manifest.as_view(), name="experiment_manifest"),
    path("playground", Playground.as_view(), name="playground"),
    path("playground/-/run", Run.as_view(), name="playground_run"),
    path("playground/-/publish", Publish.as_view(), name="playground_publish"),
    path("playground/-/column", NewColumn.as_view(), name="playground_column"),
    path("playground/-/items", Items.as_view(), name="playground_items"),
    path("playground/-/variables", Variables.as_view(), name="playground_variables"),
    path("playground/-/inside", Inside.as_view(), name="playground_inside"),
    path("playground/<str:draft_id>", OneDraft.as_view(), name="playground_draft"),
    path("evaluators", Evaluators.as_view(), name="evaluators"),
    path("evaluators/-/library", Library.as_view(), name="evaluator_library"),
    path("evaluators/-/new", NewEvaluator.as_view(), name="evaluator_new"),
    path("evaluators/-/variables", EvaluatorVariables.as_view(), name="evaluator_variables"),
    path("evaluators/-/preview", Preview.as_view(), name="evaluator_preview"),
    path("evaluators/-/try", Try.as_view(), name="evaluator_try"),
    path("evaluators/-/run", RunOnChosen.as_view(), name="evaluation_run"),
    path("evaluators/-/applied/<str:application_id>", OneApplication.as_view(), name="evaluation_application"),
    path("evaluators/log", Log.as_view(), name="evaluation_log"),
    path("evaluators/rules", Rules.as_view(), name="rules"),
    path("evaluators/rules/-/new", NewRule.as_view(), name="rule_new"),
    path("evaluators/rules/-/takes", RuleTakes.as_view(), name="rule_takes"),
    path("evaluators/rules/<str:rule_id>", OneRule.as_view(), name="rule"),
    path("evaluators/rules/<str:rule_id>/edit", EditRule.as_view(), name="rule_edit"),
    path("evaluators/<str:evaluator_id>", OneEvaluator.as_view(), name="evaluator"),
    path("evaluators/<str:evaluator_id>/edit", EditEvaluator.as_view(), name="evaluator_edit"),
]
