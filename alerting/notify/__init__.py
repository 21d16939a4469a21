"""Telling people of alerts through Prometheus Alertmanager, which groups, routes, silences and repeats."""

from __future__ import annotations

from alerting.notify.alertmanager import Alertmanager
from alerting.notify.notice import NoticeOf
from alerting.notify.notifier import Notifier

__all__ = ["Alertmanager", "NoticeOf", "Notifier"]
