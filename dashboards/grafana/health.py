"""Watermaster's own health, from its `/metrics` by way of Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerting.level import Level
from dashboards.grafana.dashboard import Dashboard, Row
from dashboards.grafana.limits import LEVEL_COLORS, NOTHING_WRONG, none_is_good
from dashboards.grafana.model import PROMETHEUS, Query, Step, both
from dashboards.grafana.panels import curves, number, strip
from dashboards.grafana.units import COUNT, PER_SECOND, SECONDS

if TYPE_CHECKING:
    from dashboards.grafana.around import Around
    from dashboards.grafana.model import Panel, Steps

__all__ = ["health"]

_BAD = LEVEL_COLORS[Level.RED]
_ODD = LEVEL_COLORS[Level.YELLOW]
_ONE_IS_GOOD: Steps = (Step(None, _BAD), Step(1, NOTHING_WRONG))
_BACKLOG: Steps = (Step(None, NOTHING_WRONG), Step(10_000, _ODD), Step(100_000, _BAD))
_DELAY: Steps = (Step(None, NOTHING_WRONG), Step(5, _ODD), Step(30, _BAD))
_FROM_ONE: Steps = none_is_good(_ODD)
_OK = {"0": both("正常", "ok"), "1": both("降级", "degraded")}


def health(around: Around) -> Dashboard:
    """What whoever runs Watermaster looks at."""
    return Dashboard(
        uid="wm-health",
        title=both("系统健康", "Watermaster's health"),
        description=both(
            "Watermaster 自身：接入、积压、拒收、告警通知；指标见 docs/operating.md。",
            "Watermaster itself: intake, backlog, refusals, notification; docs/operating.md explains the metrics.",
        ),
        timezone=around.timezone,
        since="24h",
        rows=(
            Row(both("现状", "Now"), _now()),
            Row(both("进与出", "In and out"), _flow()),
            Row(both("拒收与丢弃", "Refused and lost"), _lost()),
            Row(both("告警与证据", "Alerts and evidence"), _alerts()),
            Row(both("连接", "Connections"), _connections()),
        ),
        links=((both("处置页面", "Console"), around.console),) if around.console else (),
    )


def _ask(text: str, name: str = "") -> Query:
    return Query(text, PROMETHEUS, name=name)


def _one(zh: str, en: str, text: str, steps: Steps, about: tuple[str, str], *, unit: str = COUNT) -> Panel:
    query = Query(text, PROMETHEUS, table=True)
    return number(both(zh, en), both(*about), query, unit=unit, steps=steps, width=4, none="–")


def _now() -> tuple[Panel, ...]:
    return (
        _one(
            "MQTT 连接",
            "Broker",
            "min(watermaster_mqtt_connected)",
            _ONE_IS_GOOD,
            ("1 为已连接；0 为红色。", "1 while messages can arrive; red at 0."),
        ),
        _one(
            "降级的部分",
            "Degraded parts",
            "sum(watermaster_part_degraded)",
            _FROM_ONE,
            ("健康状态不是 ok 的部分；一个以上为黄色。", "Parts that are not ok; yellow from one on."),
        ),
        _one(
            "存储积压",
            "Store backlog",
            'max(watermaster_journal_position{reader="journal"}) - min(watermaster_journal_position{reader="store"})',
            _BACKLOG,
            (
                "尚未写入时序库的报文；1 万条黄，10 万条红。",
                "Messages not yet in the store; yellow at 10,000, red at 100,000.",
            ),
        ),
        _one(
            "规则积压",
            "Rules backlog",
            'max(watermaster_journal_position{reader="journal"}) - min(watermaster_journal_position{reader="rules"})',
            _BACKLOG,
            ("尚未判定的报文；1 万条黄，10 万条红。", "Messages not yet judged; yellow at 10,000, red at 100,000."),
        ),
        _one(
            "未通知的告警",
            "Not yet notified",
            "sum(watermaster_alerts_not_yet_notified)",
            _FROM_ONE,
            ("还没有告诉任何人的告警；一条以上为黄色。", "Alerts that nobody was told of yet; yellow from one on."),
        ),
        _one(
            "心跳延迟",
            "Heartbeat delay",
            "max(watermaster_mqtt_heartbeat_delay_seconds)",
            _DELAY,
            (
                "一条报文穿过服务器的时间；5 秒黄，30 秒红。",
                "How long a message takes through the broker; yellow at 5 s, red at 30 s.",
            ),
            unit=SECONDS,
        ),
    )


def _flow() -> tuple[Panel, ...]:
    return (
        curves(
            both("报文", "Messages"),
            both(
                "每秒收到、解出的报文；没有报文为黄色。",
                "Messages received and decoded each second; yellow without any.",
            ),
            _ask("sum(rate(watermaster_messages_received_total[5m]))", both("收到", "received")),
            _ask("sum(rate(watermaster_messages_decoded_total[5m]))", both("解出", "decoded")),
            unit=PER_SECOND,
            steps=(Step(None, _ODD), Step(0.001, NOTHING_WRONG)),
            width=12,
            least=0,
        ),
        curves(
            both("读数", "Readings"),
            both(
                "每秒解出、入库、重复、更正的读数；没有为黄色。",
                "Readings found, stored, repeated and corrected each second; yellow without any.",
            ),
            _ask("sum(rate(watermaster_observations_decoded_total[5m]))", both("解出", "decoded")),
            _ask("sum(rate(watermaster_observations_stored_total[5m]))", both("入库", "stored")),
            _ask("sum(rate(watermaster_observations_duplicate_total[5m]))", both("重复", "duplicate")),
            _ask("sum(rate(watermaster_observations_corrected_total[5m]))", both("更正", "corrected")),
            unit=PER_SECOND,
            steps=(Step(None, _ODD), Step(0.001, NOTHING_WRONG)),
            width=12,
            least=0,
        ),
        curves(
            both("积压", "Backlog"),
            both(
                "各读者落后于日志的报文数；1 万条黄，10 万条红。",
                "Messages by which each reader is behind the journal; yellow at 10,000, red at 100,000.",
            ),
            _ask(
                'scalar(max(watermaster_journal_position{reader="journal"})) '
                '- max by (reader) (watermaster_journal_position{reader!="journal"})',
                "{{reader}}",
            ),
            unit=COUNT,
            steps=_BACKLOG,
            width=12,
            with_bounds=True,
            least=0,
        ),
        strip(
            both("各部分", "Parts"),
            both("各部分是否正常；降级为黄色。", "Whether each part is ok; yellow where it is degraded."),
            _ask("max by (part) (watermaster_part_degraded)", "{{part}}"),
            unit=COUNT,
            steps=_FROM_ONE,
            texts=_OK,
            width=12,
            height=9,
        ),
    )


def _lost() -> tuple[Panel, ...]:
    return (
        curves(
            both("死信", "Dead letters"),
            both(
                "每小时读不出的报文，按原因；一条以上为黄色。",
                "Messages that could not be read in an hour, by reason; yellow from one on.",
            ),
            _ask(
                "sum by (reason) (increase(watermaster_messages_dead_lettered_total[1h])) > 0 or vector(0)",
                "{{reason}}",
            ),
            unit=COUNT,
            steps=_FROM_ONE,
            width=12,
            least=0,
        ),
        curves(
            both("拒收的读数", "Rejected readings"),
            both(
                "每小时拒收的读数，按原因；一条以上为黄色。",
                "Readings refused in an hour, by reason; yellow from one on.",
            ),
            _ask(
                "sum by (reason) (increase(watermaster_observations_rejected_total[1h])) > 0 or vector(0)", "{{reason}}"
            ),
            unit=COUNT,
            steps=_FROM_ONE,
            width=12,
            least=0,
        ),
        curves(
            both("网关异常", "Odd gateways"),
            both(
                "每小时被忽略的键、序号缺口；一次以上为黄色。",
                "Keys ignored and jumps in sequence numbers in an hour; yellow from one on.",
            ),
            _ask("sum(increase(watermaster_unknown_keys_total[1h]))", both("未知键", "unknown keys")),
            _ask("sum(increase(watermaster_sequence_gaps_total[1h]))", both("序号缺口", "sequence gaps")),
            unit=COUNT,
            steps=_FROM_ONE,
            width=12,
            least=0,
        ),
        curves(
            both("为腾空间而放弃的", "Given up for room"),
            both(
                "自启动起放弃的死信、附件与证据；一件以上为黄色。",
                "Dead letters, attachments and evidence given up since the start; yellow from one on.",
            ),
            _ask("sum(watermaster_dead_letters_dropped_total)", both("死信", "dead letters")),
            _ask("sum(watermaster_attachments_dropped_total)", both("附件", "attachments")),
            _ask("sum(watermaster_evidence_dropped_total)", both("证据", "evidence")),
            unit=COUNT,
            steps=_FROM_ONE,
            width=12,
            least=0,
        ),
    )


def _alerts() -> tuple[Panel, ...]:
    return (
        curves(
            both("通知", "Notification"),
            both(
                "未通知、被静默的告警；未通知一条以上为黄色。",
                "Alerts not yet notified, and silenced ones; yellow from one on.",
            ),
            _ask("sum(watermaster_alerts_not_yet_notified)", both("未通知", "not yet notified")),
            _ask("sum(watermaster_alerts_silenced)", both("被静默", "silenced")),
            unit=COUNT,
            steps=_FROM_ONE,
            width=8,
            least=0,
        ),
        curves(
            both("通知失败", "Failed rounds"),
            both(
                "每小时 Alertmanager 未接受的轮次；一次以上为黄色。",
                "Rounds that Alertmanager did not take in an hour; yellow from one on.",
            ),
            _ask("sum(increase(watermaster_notices_failed_total[1h]))", both("失败", "failed")),
            unit=COUNT,
            steps=_FROM_ONE,
            width=8,
            least=0,
        ),
        curves(
            both("等待处理", "Waiting"),
            both(
                "等待复制的证据、等待重判的旧数据、时钟不可信的测站；十件以上为黄色。",
                "Evidence to be copied, old days to be judged again, stations with a wrong clock; yellow from ten on.",
            ),
            _ask("sum(watermaster_evidence_waiting)", both("证据", "evidence")),
            _ask("sum(watermaster_rejudging_waiting)", both("重判", "judging again")),
            _ask("sum(watermaster_stations_clock_skewed)", both("时钟", "clocks")),
            unit=COUNT,
            steps=(Step(None, NOTHING_WRONG), Step(10, _ODD)),
            width=8,
            least=0,
        ),
    )


def _connections() -> tuple[Panel, ...]:
    return (
        curves(
            both("MQTT", "MQTT"),
            both(
                "已收到但尚未落盘的报文与重连次数；1 万条黄，10 万条红。",
                "Messages not yet durable, and reconnections in an hour; yellow at 10,000, red at 100,000.",
            ),
            _ask("sum(watermaster_mqtt_pending_messages)", both("未落盘", "pending")),
            _ask("sum(increase(watermaster_mqtt_reconnects_total[1h]))", both("重连", "reconnects")),
            unit=COUNT,
            steps=_BACKLOG,
            width=8,
            least=0,
        ),
        curves(
            both("心跳延迟", "Heartbeat delay"),
            both(
                "一条报文穿过服务器的时间；5 秒黄，30 秒红。",
                "How long a message takes through the broker; yellow at 5 s, red at 30 s.",
            ),
            _ask("max(watermaster_mqtt_heartbeat_delay_seconds)", both("延迟", "delay")),
            unit=SECONDS,
            steps=_DELAY,
            width=8,
            with_bounds=True,
            least=0,
        ),
        curves(
            both("网页", "Browsers"),
            both(
                "正在看页面的浏览器与每小时被拒的；一千个起为黄色。",
                "Browsers that listen to the page, and those refused in an hour; yellow from 1,000 on.",
            ),
            _ask("sum(watermaster_page_clients)", both("在看", "listening")),
            _ask("sum(increase(watermaster_page_clients_refused_total[1h]))", both("被拒", "refused")),
            unit=COUNT,
            steps=(Step(None, NOTHING_WRONG), Step(1_000, _ODD)),
            width=8,
            least=0,
        ),
    )
