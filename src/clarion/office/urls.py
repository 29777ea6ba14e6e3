"""The office's addresses. The names of sign-in are those that allauth looks for."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.webauthn import views as passkeys
from django.urls import URLPattern, URLResolver, include, path

from clarion.office.views import (
    audit,
    call,
    exports,
    give,
    home,
    moderation,
    new_call,
    overview,
    process,
    settings,
    sign_in,
    signatures,
    switches,
    team,
    updates,
    venues,
    versions,
    waves,
)
from clarion.office.views.events import add_event, edit_event, list_events, show_event, step_event

campaign_pages: list[URLPattern] = [
    path("", overview.show_overview, name="overview"),
    path("call/", call.show_call, name="call"),
    path("call/add-language/", call.add_language, name="add-language"),
    path("call/text/<str:language>/", call.edit_statement, name="edit-statement"),
    path("call/text/<str:language>/drop/", call.drop_draft, name="drop-draft"),
    path("call/changes/", versions.show_changes, name="changes"),
    path("call/save/", versions.save_drafts, name="save-version"),
    path("call/versions/<int:number>/", versions.show_version, name="version"),
    path("call/publish/", versions.publish, name="publish"),
    path("call/discard/", new_call.discard, name="discard-call"),
    path("call/preview/<str:language>/", call.preview, name="preview"),
    path("call/preview/<str:language>/page/", call.preview_page, name="preview-page"),
    path("call/preview.css", call.preview_style, name="preview-style"),
    path("call/settings/", settings.edit_settings, name="settings"),
    path("call/picture/", settings.set_picture, name="picture"),
    path("call/picture.jpg", settings.show_picture, name="picture-file"),
    path("call/venues/", venues.edit_venues, name="venues"),
    path("call/give/", give.list_give, name="give"),
    path("call/give/<str:language>/", give.edit_give, name="edit-give"),
    path("call/updates/", updates.list_updates, name="updates"),
    path("call/updates/new/", updates.edit_update, name="new-update"),
    path("call/updates/<str:day>/<str:language>/", updates.edit_update, name="edit-update"),
    path("events/", list_events, name="events"),
    path("events/new/", add_event, name="new-event"),
    path("events/<str:event_id>/", show_event, name="event"),
    path("events/<str:event_id>/edit/", edit_event, name="edit-event"),
    path("events/<str:event_id>/<str:step>/", step_event, name="step-event"),
    path("moderation/", moderation.show_queue, name="moderation-queue"),
    path("moderation/<str:event_id>/", moderation.show_item, name="moderation-item"),
    path("moderation/<str:event_id>/decide/", moderation.decide, name="decide"),
    path("moderation/<str:event_id>/correct/", moderation.correct, name="correct"),
    path("moderation/<str:event_id>/undo/<str:decision_id>/", moderation.undo, name="undo"),
    path("moderation/<str:event_id>/reports/", moderation.see_reports, name="see-reports"),
    path("switches/", switches.show_switches, name="switches"),
    path("switches/state/", switches.show_state, name="switch-state"),
    path("switches/notice/", switches.set_notice, name="set-notice"),
    path("switches/<str:switch>/", switches.set_switch, name="set-switch"),
    path("signatures/", signatures.search, name="signatures"),
    path("waves/", waves.list_waves, name="waves"),
    path("waves/<str:wave_id>/", waves.show_wave, name="wave"),
    path("waves/<str:wave_id>/decide/", waves.decide, name="decide-wave"),
    path("export/", exports.show_exports, name="exports"),
    path("export/<str:what>.csv", exports.export, name="export"),
    path("log/", audit.show_log, name="audit"),
    path("team/", team.show_team, name="team"),
    path("team/<str:organiser_id>/", team.change_member, name="change-member"),
    path("team/<str:organiser_id>/link/", team.make_link, name="member-link"),
    path("team/<str:organiser_id>/remove/", team.remove, name="remove-member"),
]

pages: list[URLPattern | URLResolver] = [
    path("", home.show_home, name="home"),
    path("start/", home.start, name="start"),
    path("new/", new_call.new_call, name="new-call"),
    path("enrol/", sign_in.enrol, name="enrol"),
    path("sign-in/<str:token>", sign_in.sign_in_link, name="sign-in-link"),
    path("healthz", process.health, name="health"),
    path("-/<str:name>", process.asset, name="asset"),
    path("c/<slug:slug>/", include(campaign_pages)),
]

urlpatterns = [
    path("", include((pages, "office"))),
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("sign-in-again/", account.reauthenticate, name="account_reauthenticate"),
    path("you/", factors.index, name="mfa_index"),
    path("second-factor/", factors.authenticate, name="mfa_authenticate"),
    path("second-factor/again/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("you/app/new/", sign_in.ActivateTOTP.as_view(), name="mfa_activate_totp"),
    path("you/app/remove/", sign_in.RemoveTOTP.as_view(), name="mfa_deactivate_totp"),
    path("you/passkeys/", factors.index, name="mfa_list_webauthn"),
    path("you/passkeys/new/", sign_in.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("you/passkeys/<int:pk>/remove/", sign_in.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("passkey/again/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
]

handler400 = "clarion.office.views.errors.unreadable"
handler403 = "clarion.office.views.errors.not_allowed"
handler404 = "clarion.office.views.errors.not_found"
handler500 = "clarion.office.views.errors.broken"
