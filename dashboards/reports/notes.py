"""What the reader of a report must know to trust a number, and how it is judged; in both languages."""

from __future__ import annotations

from typing import Final

from dashboards.reports.document import Note

__all__ = ["BASES", "NOTES", "RUNNING"]

_NO_ARRIVAL: Final = Note(
    "及时率未计：时序库只保存观测时间，不保存首次到达时间；不作推测。"
    "对录制数据流可用 backtest --attainment 得到及时率。",
    "Timeliness is null: the store keeps when a value was measured, not when it first came, and nothing is guessed. "
    "Of a recorded stream `backtest --attainment` tells it.",
)
_NO_VERSIONS: Final = Note(
    "重复与更正的次数不在此表：时序库每个时刻只存一个值；全系统合计见 /metrics。",
    "Duplicates and corrections are not told: the store has one value for a time; totals of the whole are on /metrics.",
)
RUNNING: Final = Note(
    "统计期尚未结束：只统计到上面所示的截止时间。",
    "The period is not over: what is counted ends at the time above.",
)
_MARKS: Final = Note(
    "[D] 标记的年度线为产品默认值（测站 80 %，区县 90 % 的测站达线），待主管部门确认；"
    "是否合格只对自然年下结论，其他统计期只列占比。",
    "[D] marks the product's default (a station 80 %, a county 90 % of its stations) until the authority confirms it. "
    "Passing is a verdict over a calendar year alone; of other periods only shares are told.",
)
_TWO_FORMS: Final = Note(
    "公布口径的达标率 = min(1, 达标时段 ÷ (应评时段 − 豁免时段))，豁免期内的达标会抵消豁免期外的不达标；"
    "严格达标率只计豁免期外的达标时段。两者并列。",
    "The published form is min(1, attained / (due − exempt)): what is attained in exempt periods pays for failures "
    "outside. The strict form counts attained periods outside exemptions only. Both are printed.",
)
_SUSPECTED: Final = Note(
    "案件核实之前，告警一律称“疑似”。误报率与属实率的分母是已核实的告警。",
    "Until its case is verified an alert is called suspected. Shares of confirmed and false alarms are of those that "
    "were looked into.",
)
_CASES_NOW: Final = Note(
    "处置状态为制表时的状态，不是统计期末的状态。",
    "States of cases are those at the time of making, not at the end of the period.",
)

_PARTS: Final = Note(
    "[D] 一证多口时，许可水量在其在用取水口间平均分摊，保证合计不重不漏；待主管部门确认。",
    "[D] The volume of a permit with several intakes is shared out equally among those in service, so that none counts "
    "twice, until the authority confirms it.",
)
_NOT_FILLED: Final = Note(
    "缺测水量不补：取水量为已知部分之和，完整率为其所占小时；完全没有数据的许可证取水量为空，不是零。",
    "What was not measured is not filled in: volumes are sums of what is known, completeness says of how many hours. "
    "Where nothing is known the volume is null, not zero.",
)
_STATE_OF_YEAR: Final = Note(
    "状态按年初至统计期末的取水量与年度计划（无计划时按年许可水量，含水权交易与调整）判定："
    "90 % 起为接近，超过 100 % 为超计划 [D]。",
    "The state compares what was taken since 1 January with the year's plan (else the permit's own volume), trades and "
    "adjustments included: near from 90 %, over above 100 % [D].",
)
_CLUES: Final = Note(
    "不符项是核对线索，不是违法结论：登记可能滞后，现场也可能停用。",
    "A mismatch is a lead, not a verdict: a register may be late, and an intake may be out of use.",
)
_SUSPECTED_ADDRESSES: Final = Note(
    "未登记地址取自统计期内未登记数据源告警；每个网关同时最多 100 条，超出部分只计入指标。",
    "Addresses are those of alerts of the class unregistered_source open in the period, at most 100 of a gateway at a "
    "time; how many more there are is on /metrics alone.",
)

NOTES: Final = {
    "eflow-attainment": (_NO_ARRIVAL, _TWO_FORMS, _MARKS),
    "data-quality": (_NO_ARRIVAL, _NO_VERSIONS),
    "alert-ledger": (_SUSPECTED, _CASES_NOW),
    "online-metering": (_PARTS,),
    "water-use": (_NOT_FILLED, _STATE_OF_YEAR),
    "register-against-field": (_CLUES, _SUSPECTED_ADDRESSES),
}

_SLOTS: Final = Note(
    "时次：自 00:00 起按测站的 interval_min 划分，左开右闭，以其末时刻标记；含 ≥ 1 个标志为 1、2、3 的值即为有效；"
    "时次值为有效值的平均（水量为合计）。",
    "Slots of a station's interval_min are counted from 00:00, (start, end], stamped with their end; one is valid with "
    "at least one value flagged 1, 2 or 3; its value is the mean of these (of a volume the sum).",
)
BASES: Final = {
    "eflow-attainment": (
        _SLOTS,
        Note(
            "时段：小时、日、旬、月按目标的口径与日界；瞬时目标以时次为时段。有效时次不少于 min_valid_pct 的时段可评；"
            "时段值 = 有效时次值的平均。达标：时段值 ≥ 目标 − 0.000001，按整数精确比较。",
            "Periods are hours, days, ten-days and months by the target's basis and day boundary; of an instant target "
            "its slots. One is valid with at least min_valid_pct valid slots; its value is the mean of these; it is "
            "attained if value ≥ target − 1e-6, on exact integers.",
        ),
        Note(
            "应评：完整落在统计期内、目标有效且适用（非冰封期、非断流期）的时段。统计期按日期命名：日界为 8 时的目标，"
            "3 月自 3 月 1 日 8 时至 4 月 1 日 8 时。豁免：被已批准的豁免覆盖，无论是否可评。",
            "Due are periods wholly inside the report's, covered by rows of the target and applicable (no ice, no dry "
            "season). The report's period is named by days: for a target whose day begins at 8:00, March runs from 1 "
            "March 8:00 to 1 April 8:00. Exempt are those covered by an approved exemption, assessable or not.",
        ),
        Note(
            "完整率 = 应评时段内的有效时次 ÷ 应到时次。合格：未舍入的达标率 ≥ 该目标的 pass_rate。"
            "测站以其最差目标为准；不同口径的时段不相加。",
            "Completeness = valid slots of due periods / slots of due periods. A target passes if its unrounded rate "
            "reaches its pass_rate. The worst target decides for a station; periods of different bases are not added.",
        ),
    ),
    "data-quality": (
        _SLOTS,
        Note(
            "应到：测站在用期间的全部时次，限于登记册中有限值（points）或目标的要素；其他要素只列实到。"
            "实到：有值的时次，缺测（标志 9）不算。到报率 = 实到 ÷ 应到；完整率 = 有效 ÷ 应到；"
            "有效率 = 标志为 1、2、3 的值 ÷ 全部值。最长缺测：连续没有有效值的时次。",
            "Due is every slot while a station is in service, of quantities for which the register has limits (points) "
            "or a target; of others only what came is told. Arrived are slots with a value; one reported as missing "
            "(flag 9) is none. Arrival = arrived / due, completeness = valid / due, validity = values flagged 1, 2 or "
            "3 / values. The longest gap is the longest run of slots without a valid value.",
        ),
    ),
    "alert-ledger": (
        Note(
            "列入：统计期内曾处于告警状态的全部告警（开始不晚于期末，未解除或解除晚于期初）；已撤销的不列。"
            "类别、级别、开始、解除的判定见《告警类别》；config 为所依据登记册与规则的哈希。",
            "Listed is every alert that was open at some time of the period: begun no later than its end, not resolved "
            "or resolved after its start; withdrawn ones are not. How classes, levels, onset and resolution are judged "
            "is in docs/alert-classes.md; config is the hash of the register and rules behind each.",
        ),
    ),
    "online-metering": (
        Note(
            "列入：统计期末登记册中在用的取水口。应在线计量：许可水量合计或灌溉面积达到限额"
            "（thresholds；未登记时地表水 50 万 m³、地下水 5 万 m³、灌溉 5 万亩）。已计量：有计量方式的计量点。"
            "已接入：统计期内收到有效水量值（或其所依据的电量）。"
            "在线：统计期末时最新有效值未超过“3 个上报间隔（至少 60 分钟）＋允许迟到时间”。"
            "比率的分母均为应在线计量的取水口。",
            "Listed are intakes in service at the end of the period. Above threshold: the permits there, or the area "
            "it waters, reach the bound of thresholds (without one 500,000 m³ of surface water, 50,000 m³ of "
            "groundwater, 50,000 mu). Metered: a metering point has a method. Connected: a valid value of water, or of "
            "the electricity that stands for it, came in the period. Online: the newest of these was not older at the "
            "end than max(3 × report_min, 60 min) + lateness. All rates are of intakes above the threshold.",
        ),
    ),
    "water-use": (
        Note(
            "取水量 = 各取水口水量 × 该证份额之和；水量依次取自累计水量、时段水量、流量，或经批准的电量折算系数。"
            "份额按时间取登记册当时的行；未填份额者均分其余。完整率 = 水量已知的小时 ÷ 应有小时（各计量点合计）。",
            "Taken is the sum over a permit's intakes of what passed times its share, by the rows that held then; "
            "permits without a share have equal parts of the rest. Volumes rest on totals, volumes of intervals or "
            "flow, whichever the register has, or on electricity by an approved coefficient. Completeness = hours of "
            "which the volume is known / hours due, over all metering points.",
        ),
    ),
    "register-against-field": (
        Note(
            "列入：统计期末登记册中的全部取水口、无在用取水口的有效许可证，以及统计期内登记册不认识、或来自其他网关的地址。"
            "有许可：有有效（或延续审批中）的许可证，或依法无需许可。其余各列同《取水在线计量》。",
            "Listed are all intakes that the register has at the end of the period, permits in force without an intake "
            "in service, and addresses that sent in the period though the register doesn't know them, or not over that "
            "gateway. Permitted: a permit in force (or its renewal undecided), or none is needed. The other columns "
            "are those of online-metering.",
        ),
    ),
}
