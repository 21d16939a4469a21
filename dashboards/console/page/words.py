"""Every word of the page, Chinese and English. Words of drawings stand with the drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.words import ALERT_WORDS
from dashboards.console.page.intake_words import INTAKE_PHRASES, INTAKE_WORDS

if TYPE_CHECKING:
    from dashboards.console.draw.model import Lang

__all__ = ["LISTED", "PHRASES", "Words"]

LISTED: Final[dict[str, tuple[str, str]]] = {
    **ALERT_WORDS,
    **INTAKE_WORDS,
    # verbs of people, then of the machine
    "ack": ("受理", "Acknowledge"),
    "verify": ("核实", "Verify"),
    "dispatch": ("派发", "Dispatch"),
    "dispose": ("处置完成", "Disposed of"),
    "review": ("复核", "Reviewed"),
    "close": ("结案", "Close"),
    "reopen": ("重新打开", "Reopen"),
    "raise": ("立案", "case opened"),
    "join": ("并入本案", "joined this case"),
    "inherit": ("沿用本案", "took over this case"),
    "return": ("再次成立", "came true again"),
    "withdraw": ("告警撤销", "alert withdrawn"),
    # status of a station, flags
    "active": ("在用", "active"),
    "rectify": ("整改", "under rectification"),
    "exiting": ("退出中", "exiting"),
    "retired": ("已退役", "retired"),
    "flag 1": ("合格", "good"),
    "flag 2": ("未检验", "not evaluated"),
    "flag 3": ("存疑", "suspect"),
    "flag 4": ("不合格", "failed"),
    "flag 9": ("缺测", "missing"),
    # parts of the program
    "broker": ("消息服务器", "message broker"),
    "journal": ("日志", "journal"),
    "store": ("时序库", "time-series store"),
    "ledger": ("告警台账", "alert ledger"),
}
"""Members of closed lists by their bare English word, as machines write it."""

PHRASES: Final[dict[str, tuple[str, str]]] = {
    **INTAKE_PHRASES,
    "plain": ("{text}", "{text}"),
    "title": ("取水与生态流量监管", "Abstraction and ecological flow"),
    "skip": ("跳到正文", "Skip to the content"),
    "other language": ("English", "中文"),
    "data time": ("数据时刻", "Data as of"),
    "lost": (
        "与服务器的连接中断，正在重连；以下为此前的数据。",
        "Connection lost, trying again; this is how things stood before.",
    ),
    # health
    "all well": ("运行正常", "Working normally"),
    "degraded": ("运行中，需要关注", "Working, needs a look"),
    "failed": ("需要立即处理", "Needs somebody now"),
    "receives": ("数据接收、判别与存储均正常。", "Readings come in, are judged and stored."),
    "broker degraded": (
        "消息服务器未连接：网关数据暂存在其队列中，恢复后续收。",
        "The message broker is not connected: readings wait in its queue.",
    ),
    "journal failed": (
        "日志无法写入：停止确认收到，数据留在消息服务器。请检查磁盘。",
        "The journal can't be written: nothing is acknowledged, readings wait at the broker. Look at the disk.",
    ),
    "store degraded": (
        "时序库不可用：数据保存在日志中，恢复后自动补写；判别不受影响。",
        "The time-series store is away: readings are kept in the journal and written later; judging goes on.",
    ),
    "ledger failed": (
        "告警台账无法写入：判别暂停，恢复后从断点继续。",
        "The alert ledger can't be written: judging waits and goes on from where it stood.",
    ),
    "part away": ("{part}：{detail}", "{part}: {detail}"),
    "ledger unread": (
        "告警台账读不出来，告警为此前的状态：{detail}",
        "The alert ledger can't be read, alerts are as they were: {detail}",
    ),
    # basins
    "basins": ("流域", "Basins"),
    "no basin": ("未划分流域", "No basin"),
    "stations of basin": ("{count} 站", "{count} stations"),
    # river
    "river": ("河网示意", "The river"),
    "shown of": (
        "共 {total} 站，图中为最需关注的 {shown} 站；其余见下方测站表。",
        "{total} stations; the drawing shows the {shown} that need a look most, the table below has all.",
    ),
    "key": ("图例", "Key"),
    "stations": ("测站", "Stations"),
    "find": ("按名称或编码查找测站", "Find a station by name or code"),
    "search": ("查找", "Find"),
    "no station found": ("没有名称或编码含“{q}”的测站。", "No station has “{q}” in its name or code."),
    "code": ("编码", "Code"),
    "name": ("名称", "Name"),
    "state": ("状态", "State"),
    "newest value": ("最新值", "Newest value"),
    "measured": ("测量时间", "Measured"),
    "earlier": ("上一页", "Previous"),
    "later": ("下一页", "Next"),
    "page of": ("第 {page} / {pages} 页", "Page {page} of {pages}"),
    # station
    "none chosen": ("登记册中还没有测站。", "The register has no stations yet."),
    "targets": ("目标", "Targets"),
    "range": ("时段", "Range"),
    "6h": ("6 小时", "6 h"),
    "1d": ("1 天", "1 d"),
    "7d": ("7 天", "7 d"),
    "30d": ("30 天", "30 d"),
    "1y": ("1 年", "1 y"),
    "quantity": ("要素", "Quantity"),
    "store away": (
        "时序库不可用，过程线暂时画不出来；最新值来自日志，照常更新。",
        "The time-series store is away, so there is no hydrograph now; newest values come from the journal and go on.",
    ),
    "no data since": ("{ago}以来没有有效数据（最后一次：{time}）。", "No valid reading since {time} ({ago})."),
    "never heard": ("从未收到该站的有效数据。", "No valid reading of this station was ever received."),
    "so far": ("本期至今", "This period so far"),
    "so far of": ("{value}，目标的 {percent}", "{value}, {percent} of the target"),
    "slots": ("有效 {valid}/{expected} 时段", "{valid} of {expected} slots valid"),
    "no slots": ("尚无有效时段", "no valid slot yet"),
    "not owed": ("当前不适用", "not owed now"),
    "no targets": ("登记册中没有该站的目标。", "The register has no target for this station."),
    "details": ("登记信息", "Register"),
    "kind": ("类型", "Kind"),
    "basin": ("流域", "Basin"),
    "river name": ("河流", "River"),
    "division": ("行政区划", "Division"),
    "authority": ("主管部门", "Authority"),
    "plant": ("电站", "Plant"),
    "gateway name": ("网关", "Gateway"),
    "any gateway": ("任意", "any"),
    "interval": ("时段长", "Interval"),
    "minutes": ("{count} 分钟", "{count} min"),
    "status": ("状态", "Status"),
    "values": ("各要素最新值", "Newest values"),
    "flag": ("质量", "Quality"),
    # alerts
    "alerts": ("告警", "Alerts"),
    "show open": ("待办", "Open"),
    "show all": ("全部", "All"),
    "everywhere": ("全部流域", "All basins"),
    "in basin": ("本流域", "This basin"),
    "no open alerts": ("没有待办告警。", "No alert needs anybody."),
    "no alerts": ("还没有告警。", "There were no alerts yet."),
    "open count": ("{count} 条待办", "{count} open"),
    "all count": ("共 {count} 条", "{count} in all"),
    "suspected": ("疑似", "suspected"),
    "since": ("自 {time} 起，{span}", "since {time}, for {span}"),
    "from to": ("{start} 至 {end}，历时 {span}", "{start} to {end}, {span}"),
    "ratio of": ("目标的 {percent}", "{percent} of the target"),
    "deficit of": ("低于目标 {metres} 米", "{metres} m below the target"),
    "value of": ("{value}，目标 {target} {unit}", "{value} against {target} {unit}"),
    "worst": ("最低 {percent}", "worst {percent}"),
    "worst deficit": ("最深 {metres} 米", "worst {metres} m"),
    "within uncertainty": ("在测量不确定度之内", "within the uncertainty of the measurement"),
    "show station": ("查看测站", "Show the station"),
    "work on": ("处理", "Work on it"),
    "fold": ("收起", "Fold"),
    "case": ("处置流程", "The case"),
    "assignee": ("承办：{name}", "with {name}"),
    "history": ("经过", "History"),
    "trace": ("判定的改写", "Verdicts that were rewritten"),
    "rewritten": ("数据迟到或更正", "Late or corrected data"),
    "was and now": ("原为 {was}，现为 {now}", "was {was}, is {now}"),
    "verdict": ("{level} {start} – {end}", "{level} {start} – {end}"),
    "no alert": ("无告警", "no alert"),
    "evidence": ("原始报文", "Raw messages"),
    "evidence of": ("{why}：{count} 条，{size} KB", "{why}: {count}, {size} KB"),
    "evidence none": ("{why}：没有报文", "{why}: no message"),
    "evidence raised": ("告警依据", "what raised it"),
    "evidence resolved": ("解除依据", "what resolved it"),
    "evidence revised": ("改写依据", "what rewrote it"),
    "by": ("姓名", "Your name"),
    "comment": ("说明", "Comment"),
    "to": ("派给", "To whom"),
    "outcome": ("核实结果", "What was found"),
    "other outcome": ("结案原因（告警仍在时必填）", "Found after all (needed while it fires)"),
    "as verified": ("按核实结果", "as verified"),
    "withdrawn note": ("数据更正后此告警不再成立。", "With corrected data this alert no longer holds."),
    "not in list": ("不在当前列表中", "not in this list"),
    # mistakes with forms
    "need by": ("请填写姓名。", "Please give your name."),
    "need to": ("请填写派给谁。", "Please say to whom."),
    "need outcome": ("请选择核实结果。", "Please choose what was found."),
    "already": (
        "案件已是“{state}”，这一步不再适用；可能有人刚刚办理过。请看最新经过。",
        "The case is “{state}” by now, this step no longer applies; somebody may have just worked it. See its history.",
    ),
    "still firing": (
        "告警仍在，不能结案：等它解除，或注明豁免、误报。",
        "It still fires and can't be closed: wait until it is resolved, or say that it is exempt or a false alarm.",
    ),
    "too long": ("“{field}”最多 {most} 字，现有 {count} 字。", "“{field}” may have {most} characters, it has {count}."),
    "not text": ("“{field}”含有不能保存的字符。", "“{field}” holds characters that can't be stored."),
    "unread form": ("表单内容无法识别。", "The form could not be understood."),
    "ledger busy": (
        "告警台账暂时写不进去，请稍后再试：{detail}",
        "The ledger can't be written now, try again: {detail}",
    ),
    # gateways
    "gateways": ("网关", "Gateways"),
    "no gateways": ("还没有网关。", "No gateways yet."),
    "online": ("在线", "online"),
    "offline": ("离线", "offline"),
    "unknown": ("未知", "unknown"),
    "heard": ("最近收到", "Last heard"),
    "newest data": ("最新数据", "Newest data"),
    "stations silent": ("{silent} 站无新数据", "{silent} silent"),
    "not registered": ("未登记", "not in the register"),
    "tcp": ("TCP 直连", "TCP listener"),
    "more gateways": ("还有 {count} 个网关未列出。", "{count} more are not listed."),
    # counts
    "counts": ("数量核对", "Numbers that must add up"),
    "counted elsewhere": (
        "由采集进程计数，见其 /metrics。",
        "The collecting process counts; see its /metrics.",
    ),
    "messages": ("报文", "Messages"),
    "observations": ("观测值", "Observations"),
    "received": ("收到", "received"),
    "decoded": ("解码", "decoded"),
    "dead-lettered": ("死信", "dead-lettered"),
    "stored": ("入库", "stored"),
    "duplicate": ("重复", "duplicate"),
    "rejected": ("拒收", "rejected"),
    "corrected": ("更正", "corrected"),
    "rows": ("库中行数", "rows in the store"),
    "store": ("时序库", "Store"),
    "adds up": ("相符", "adds up"),
    "does not add up": ("不符", "does not add up"),
    # reports
    "reports": ("报表", "Reports"),
    "which report": ("报表", "Report"),
    "which period": ("统计期", "Period"),
    "which stations": ("范围", "Stations"),
    "period forms": (
        "年 2026 · 季 2026-Q1 · 月 2026-03 · 周 2026-W09 · 日 2026-03-01",
        "Year 2026 · quarter 2026-Q1 · month 2026-03 · week 2026-W09 · day 2026-03-01",
    ),
    "this month": ("本月", "this month"),
    "last month": ("上月", "last month"),
    "last week": ("上周", "last week"),
    "last quarter": ("上季", "last quarter"),
    "this year": ("今年", "this year"),
    "last year": ("去年", "last year"),
    "yesterday": ("昨日", "yesterday"),
    "all of them": ("全部", "all"),
    "station code": ("站码", "Station code"),
    "open report": ("打开报表", "Open the report"),
    "as workbook": ("下载 Excel", "Download for Excel"),
    "as csv": ("下载 CSV", "Download CSV"),
    "report takes": (
        "打开的报表可打印。全省全年的报表要数分钟；浏览器会等待。",
        "What opens can be printed. A whole province over a year takes minutes; the browser waits.",
    ),
    "no report": ("无法制表：", "No report was made: "),
    "no reports here": ("此服务不制作报表。", "This service makes no reports."),
    "about eflow-attainment": (
        "逐目标达标率、严格达标率、完整率；按站、区划、部门、河流汇总",
        "each target: attainment, strict attainment, completeness; summed up by station, division, authority, river",
    ),
    "about data-quality": (
        "逐序列到报率、完整率、有效率、最长缺测与标志计数",
        "each series: arrival, completeness, validity, longest gap, flags",
    ),
    "about alert-ledger": (
        "统计期内曾处于告警状态的全部告警及其处置",
        "every alert that was open in the period, and how its case was worked",
    ),
    "about online-metering": (
        "逐取水口应计量、已计量、已接入、在线；按个数与按许可水量，分区划、行业、水源、用途汇总",
        "each intake: due, metered, connected, online; by count and permitted volume, division, industry, source",
    ),
    "about water-use": (
        "逐许可证计划、已取、剩余、状态与水量完整率；按区划、行业、水源汇总",
        "each permit: plan, taken, remaining, state, completeness; summed up by division, industry, source",
    ),
    "about register-against-field": (
        "登记、许可、计量、在线逐项核对，列出不符项与未登记地址",
        "registered, permitted, metered, online: where they disagree, and addresses that nobody registered",
    ),
    # footer and mistakes with addresses
    "interfaces": ("接口", "Interfaces"),
    "scale": (
        "颜色等级为产品默认值，未经主管部门确认：黄 ≥ 80 %，橙 50–80 %，红 < 50 %。",
        "Colours are defaults until the authority confirms them: yellow ≥ 80 %, orange 50–80 %, red < 50 %.",
    ),
    "not understood": ("地址无法识别", "This address was not understood"),
    "not there": ("没有这一页", "Not there"),
    "to front": ("回到首页", "To the first page"),
    "no such station": ("登记册中没有测站“{code}”。", "The register has no station “{code}”."),
    "no such basin": ("登记册中没有流域“{name}”。", "The register has no basin “{name}”."),
    "no such alert": ("台账中没有告警“{id}”。", "The ledger has no alert “{id}”."),
    "bad parameter": ("参数“{name}”不能是“{value}”。", "“{name}” can't be “{value}”."),
}
"""Phrases by a short English name; braces are filled in."""


class Words:
    """The words of one language.

    Args:
        lang: Which.
    """

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self._place = 0 if lang == "zh" else 1

    def __call__(self, phrase: str, **values: object) -> str:
        """A phrase with its gaps filled.

        >>> Words("en")("page of", page=2, pages=3)
        'Page 2 of 3'
        """
        return PHRASES[phrase][self._place].format(**values)

    def listed(self, word: str) -> str:
        """A member of a closed list; one that isn't there as it is.

        >>> Words("zh").listed("red"), Words("en").listed("something_new")
        ('红', 'something new')
        """
        found = LISTED.get(word)
        return word.replace("_", " ") if found is None else found[self._place]
