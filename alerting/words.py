"""Words of alerts and cases for people, Chinese and English, by the bare English word that machines write."""

from __future__ import annotations

from typing import Final

__all__ = ["ALERT_WORDS", "SUSPECTED"]

SUSPECTED: Final = ("疑似", "suspected")
"""What every screen and message calls an alert until its case is verified."""

ALERT_WORDS: Final[dict[str, tuple[str, str]]] = {
    # levels
    "blue": ("蓝", "blue"),
    "yellow": ("黄", "yellow"),
    "orange": ("橙", "orange"),
    "red": ("红", "red"),
    # states of an alert
    "firing": ("告警中", "firing"),
    "resolved": ("已解除", "resolved"),
    "withdrawn": ("已撤销", "withdrawn"),
    # states of a case, and what verifying found
    "raised": ("已发生", "raised"),
    "notified": ("已通知", "notified"),
    "accepted": ("已受理", "accepted"),
    "verified": ("已核实", "verified"),
    "exempt": ("豁免", "exempt"),
    "false_alarm": ("误报", "false alarm"),
    "disposing": ("处置中", "being disposed of"),
    "reported": ("已上报", "reported back"),
    "reviewed": ("已复核", "reviewed"),
    "closed": ("已结案", "closed"),
    "confirmed": ("属实", "confirmed"),
    # classes of alerts
    "eflow_shortfall": ("生态流量不足", "Ecological flow shortfall"),
    "eflow_warning": ("生态流量预警", "Ecological flow warning"),
    "flow_stopped": ("断流", "Flow stopped"),
    "data_loss": ("数据中断", "Data loss"),
    "device_fault": ("设备故障", "Device fault"),
    "meter_tamper": ("计量异常", "Meter tampering"),
    "over_rate": ("超许可流量", "Over the permitted rate"),
    "over_plan": ("超计划取水", "Over plan"),
    "unmetered_intake": ("未计量取水", "Unmetered intake"),
    "unregistered_source": ("未登记数据源", "Unregistered source"),
    "permit_expired": ("许可到期", "Permit expired"),
    "signal": ("自定信号", "Signal"),
    # reasons
    "below_target": ("低于目标", "below target"),
    "running": ("本期至今不足", "running mean below target"),
    "unreachable": ("本期已无法达标", "target out of reach"),
    "band": ("接近目标", "close to the target"),
    "zero_discharge": ("流量为零", "no discharge"),
    "below_cease_stage": ("低于断流水位", "below the cease stage"),
    "flow_state": ("报告断流或干涸", "reported dry or stopped"),
    "silent": ("无数据", "silent"),
    "invalid": ("无有效数据", "nothing valid"),
    "never_connected": ("从未接入", "never connected"),
    "fault_bit": ("设备报故障", "fault bit"),
    "low_voltage": ("电压低", "low voltage"),
    "clock_skew": ("时钟偏差", "clock skew"),
    "bad_data": ("数据不合格", "bad data"),
    "zero_for_missing": ("以零代缺测", "zeros for missing"),
    "flat_line": ("数值不变", "flat line"),
    "unit_slip": ("单位有误", "unit slip"),
    "verification_expired": ("检定过期", "verification expired"),
    "quantities_disagree": ("要素不一致", "quantities disagree"),
    "unknown_station": ("未登记的测站", "station not in the register"),
    "wrong_gateway": ("网关不符", "not its gateway"),
    "below_bound": ("低于界限", "below its bound"),
    "above_bound": ("高于界限", "above its bound"),
    # bases and kinds of targets
    "instant": ("瞬时", "instant"),
    "hour": ("小时", "hour"),
    "day": ("日", "day"),
    "ten_day": ("旬", "ten-day"),
    "month": ("月", "month"),
    "base": ("基本生态流量", "base flow"),
    "sensitive": ("敏感期流量", "sensitive period"),
    "min_release": ("最小下泄流量", "minimum release"),
    "dispatch_order": ("调度指令", "dispatch order"),
    # kinds of subjects
    "station": ("测站", "station"),
    "gateway": ("网关", "gateway"),
    "intake": ("取水口", "intake"),
    "permit": ("许可证", "permit"),
    "reach": ("河段", "reach"),
    "address": ("地址", "address"),
}
