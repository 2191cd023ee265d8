"""Every address of the platform."""

from __future__ import annotations

from django.urls import include, path

from assay.platform.api import api
from assay.platform.pages import home, insight, judging, members, people, projects, reviews, turns

urlpatterns = [
    path("", home.projects, name="home"),
    path("healthz", home.health, name="health"),
    path("me/", home.own_work, name="own-work"),
    path("language/", include("django.conf.urls.i18n")),
    path("sign-in/", people.sign_in, name="sign-in"),
    path("sign-out/", people.sign_out, name="sign-out"),
    path("welcome/<str:token>/", people.welcome, name="welcome"),
    path("projects/new/", projects.new, name="new-project"),
    path("projects/<slug:slug>/", projects.dashboard, name="project"),
    path("projects/<slug:slug>/outcome/", projects.outcome, name="outcome"),
    path("projects/<slug:slug>/figures/<slug:name>.csv", projects.figure_table, name="figure-table"),
    path("projects/<slug:slug>/import/", projects.bring_in, name="import"),
    path("projects/<slug:slug>/export/<str:form>/", projects.export, name="export"),
    path("projects/<slug:slug>/judgments.jsonl", projects.raw_judgments, name="raw-judgments"),
    path("projects/<slug:slug>/brief/", projects.brief, name="brief"),
    path("projects/<slug:slug>/invite/", projects.invite, name="invite"),
    path("projects/<slug:slug>/works/<int:number>/", projects.reading, name="reading"),
    path("projects/<slug:slug>/judge/", judging.judge, name="judge"),
    path("projects/<slug:slug>/quality/", insight.quality, name="quality"),
    path("projects/<slug:slug>/quality/parts/", insight.quality_parts, name="quality-parts"),
    path("projects/<slug:slug>/quality/<slug:name>.csv", insight.quality_table, name="quality-table"),
    path("projects/<slug:slug>/mine/", insight.own, name="own-pieces"),
    path("projects/<slug:slug>/people/", members.people, name="people"),
    path("projects/<slug:slug>/people/<int:number>/", members.change, name="member"),
    path("projects/<slug:slug>/people/<int:number>/password/", members.renew, name="renew-password"),
    path("projects/<slug:slug>/invitations/<int:number>/revoke/", members.revoke, name="revoke"),
    path("me/about/", members.oneself, name="oneself"),
    path("projects/<slug:slug>/review/", reviews.review, name="review"),
    path("projects/<slug:slug>/disputes/", reviews.disputes, name="disputes"),
    path("projects/<slug:slug>/works/<int:number>/dispute/", reviews.open_dispute, name="open-dispute"),
    path("projects/<slug:slug>/judgments/<int:number>/", reviews.history, name="history"),
    path("projects/<slug:slug>/judgments/<int:number>/restore/", reviews.restore, name="restore"),
    path("reviews/<int:number>/", reviews.decide, name="decide-review"),
    path("reviews/<int:number>/draft/", reviews.draft, name="review-draft"),
    path("reviews/<int:number>/leave/", reviews.leave, name="leave-review"),
    path("reviews/<int:number>/appeal/", reviews.appeal, name="appeal"),
    path("disputes/<int:number>/", reviews.decide_dispute, name="decide-dispute"),
    path("me/feedback/", reviews.feedback, name="feedback"),
    path("work/<str:token>/submit/", judging.submit, name="submit"),
    path("work/<str:token>/draft/", judging.draft, name="draft"),
    path("work/<str:token>/skip/", judging.skip, name="skip"),
    path("work/<str:token>/turns/", turns.turns, name="turns"),
    path("work/<str:token>/turns/<int:number>/again/", turns.again, name="turn-again"),
    path("kinds/<str:kind>/page.js", judging.kind_script, name="kind-script"),
    path("api/", api.urls),
]
