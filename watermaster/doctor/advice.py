"""What to do about the likeliest failures, in plain words, Chinese and English; docs/doctor.md lists them."""

from __future__ import annotations

import socket
import ssl
from typing import Final, NamedTuple

__all__ = ["ADVICE", "Advice", "of_broker", "of_store"]


class Advice(NamedTuple):
    """What somebody at the machine does next."""

    zh: str
    en: str


ADVICE: Final[dict[str, Advice]] = {
    "config": Advice(
        "运行 watermaster check，逐条改正后再启动；每条都写明文件、行和原因。",
        "Run `watermaster check` and mend line by line; each names file, row and reason.",
    ),
    "data_dir": Advice(
        "数据目录必须由运行服务的用户读写：检查 data_dir 的路径、属主和磁盘是否已挂载。",
        "The user of the service must be able to write data_dir: look at its path, its owner, and whether the disk is "
        "mounted.",
    ),
    "disk": Advice(
        "请腾出空间，或减小 journal.keep_days / journal.max_gb 后重启；不要手工删除 journal 里的文件。",
        "Make room, or lower journal.keep_days or journal.max_gb and start again; never delete files of the journal.",
    ),
    "service": Advice(
        "启动服务：systemctl start watermaster，或 docker compose up -d；日志的最后几行写着上次停止的原因。",
        "Start it: systemctl start watermaster, or docker compose up -d; the last lines of its log say why it ended.",
    ),
    "service_part": Advice(
        "服务在运行，但这一部分有问题；下面对应的一行说明原因，恢复后会自动继续，数据不会丢失。",
        "The service runs and this part needs a look; the line of that part below says why. It goes on by itself.",
    ),
    "other_collector": Advice(
        "另一台机器正用同一个 mqtt.client_id 采集。两者只能留一个，或改用不同的 mqtt.client_id。",
        "Another machine collects with the same mqtt.client_id. Stop one of them, or give each its own.",
    ),
    "broker_away": Advice(
        "消息服务器没有运行或地址不对：检查 mqtt.url，并用 systemctl status mosquitto 查看。网关会保留并重发数据。",
        "The broker isn't running, or mqtt.url names another place: systemctl status mosquitto. Gateways keep "
        "what they "
        "could not send.",
    ),
    "broker_name": Advice(
        "找不到主机名：检查 mqtt.url 的拼写和这台机器的 DNS，或直接写 IP 地址。",
        "The host name isn't known here: look at the spelling in mqtt.url and at DNS, or write the address in numbers.",
    ),
    "broker_login": Advice(
        "用户名或密码不被接受：核对 mqtt.username、mqtt.password_file；"
        "改过密码文件后要让消息服务器重新读取（SIGHUP）。",
        "User name or password isn't accepted: compare mqtt.username and mqtt.password_file; after a change of its "
        "password file the broker needs a SIGHUP.",
    ),
    "certificate_expired": Advice(
        "证书已过期：换上新证书后让消息服务器重新读取（SIGHUP），无需重启；若这台机器的时钟不对也会这样，见“时钟”。",
        "A certificate has expired: put the new one in place and have the broker read it again (SIGHUP, no restart). A "
        "wrong clock on this machine looks the same, see clock.",
    ),
    "certificate_untrusted": Advice(
        "不信任对方证书：mqtt.ca_file 应是签发该证书的 CA 文件（PEM）；证书上的名字须与 mqtt.url 的主机名一致。",
        "Its certificate isn't trusted: mqtt.ca_file must hold the CA that signed it (PEM), and the name on it must be "
        "the host of mqtt.url.",
    ),
    "certificate_ours": Advice(
        "对方不接受本机证书或不使用 TLS：核对 mqtt.cert_file、mqtt.key_file 是否过期，"
        "端口是否为 TLS 端口（通常 8883）。",
        "It doesn't take our certificate, or doesn't speak TLS there: are mqtt.cert_file and mqtt.key_file still "
        "valid, "
        "and is it the port for TLS (mostly 8883)?",
    ),
    "certificate_soon": Advice(
        "证书即将到期，请现在就准备新证书；换上后 SIGHUP 即可，无需停机。",
        "It expires soon: have a new one made now; a SIGHUP of the broker puts it in force without a stop.",
    ),
    "session_lost": Advice(
        "消息服务器曾忘记我们的会话，其间确认过的数据可能缺失：请网关补发那段时间（重复补发无害）；"
        "检查 persistence 和磁盘。",
        "The broker had forgotten our session, so what it acknowledged in between is missing: let gateways send that "
        "time again (repeating does no harm); look at its persistence and its disk.",
    ),
    "store_away": Advice(
        "数据库没有应答：检查它是否运行、store.url 是否正确。期间采集和告警照常，恢复后自动补写。",
        "The database doesn't answer: is it running, is store.url right? Collecting and alerts go on; what is "
        "missing is "
        "written by itself when it is back.",
    ),
    "store_login": Advice(
        "数据库拒绝访问：核对 store.username、store.password_file 或 store.token_file 及其权限。",
        "The database refuses access: compare store.username, store.password_file or store.token_file and their "
        "rights.",
    ),
    "store_behind": Advice(
        "数据库写入落后于采集：若持续增长，说明数据库太慢或曾中断；数据都在 journal 中，会补写。",
        "What the database holds is behind what came in: if that grows, it is too slow or was away; the journal "
        "has it all.",
    ),
    "ledger": Advice(
        "告警台账打不开：检查 ledger.url、数据库是否运行、文件属主；不要删除 ledger.sqlite，它保存人工处置记录。",
        "The ledger can't be opened: look at ledger.url, its server, the owner of the file. Never delete "
        "ledger.sqlite: it "
        "holds the work of people.",
    ),
    "alertmanager": Advice(
        "告警通知发不出去：检查 Alertmanager 是否运行、alertmanager.url 是否正确。告警都在台账中，恢复后自动补发。",
        "Nobody is notified: is Alertmanager running, is alertmanager.url right? Alerts wait in the ledger and "
        "are told "
        "when it is back.",
    ),
    "grafana": Advice(
        "看板推不上去：检查 Grafana 是否运行、grafana.url 是否正确，令牌是否属于角色为 Admin 的服务账号。",
        "Dashboards can't be pushed: is Grafana running, is grafana.url right, is the token that of a service account "
        "with the role Admin?",
    ),
    "grafana_old": Advice(
        "Grafana 版本过旧：升级到 10.4 以上，然后 watermaster dashboards push。",
        "Grafana is too old: upgrade it to 10.4 or later, then `watermaster dashboards push`.",
    ),
    "clock": Advice(
        "这台机器的时钟不准会使读数被拒收、证书“过期”：启用时间同步（chrony 或 systemd-timesyncd）。",
        "With a wrong clock readings are refused and certificates seem expired: turn on time synchronisation "
        "(chrony or "
        "systemd-timesyncd).",
    ),
    "device_clocks": Advice(
        "这些测站的时钟偏差超过 10 分钟，其读数不参与判定：watermaster rtu 测站 set-clock，或在现场校时。",
        "The clocks of these stations are more than 10 min off and their readings aren't judged: `watermaster "
        "rtu STATION "
        "set-clock`, or set them on the spot.",
    ),
    "refused": Advice(
        "有数据被拒收：watermaster deadletters list 查看原文和原因；常见的是登记表缺测站、网关不符或单位写错。",
        "Something is refused: `watermaster deadletters list` shows bytes and reason; mostly a station missing in the "
        "register, another gateway than registered, or a unit.",
    ),
    "gateways": Advice(
        "这些网关没有密码，连不上消息服务器：watermaster gateway add 名称。",
        "These gateways have no password on the broker: watermaster gateway add NAME.",
    ),
}
"""By what is wrong."""

_EXPIRED: Final = 10
"""X509_V_ERR_CERT_HAS_EXPIRED. Source: OpenSSL, x509_vfy.h."""


def of_broker(error: BaseException, *, shows_certificate: bool) -> Advice:
    """What to do where the broker could not be asked.

    Args:
        error: Why.
        shows_certificate: We have a certificate. Of one that isn't taken TLS 1.3 tells after the handshake, and what it
            tells is often lost with the connection.
    """
    match error.__cause__:
        case ssl.SSLCertVerificationError() as cause:
            return ADVICE["certificate_expired" if cause.verify_code == _EXPIRED else "certificate_untrusted"]
        case ssl.SSLError() as cause:
            return ADVICE["certificate_expired" if "EXPIRED" in (cause.reason or "") else "certificate_ours"]
        case socket.gaierror():
            return ADVICE["broker_name"]
        case ConnectionError() if shows_certificate and not isinstance(error.__cause__, ConnectionRefusedError):
            return ADVICE["certificate_ours"]
        case _:
            pass
    return ADVICE["broker_login" if "refuses" in str(error) else "broker_away"]


def of_store(error: BaseException) -> Advice:
    """What to do where the store could not be asked."""
    return ADVICE["store_login" if "refuses access" in str(error) else "store_away"]
