"""Secrets and harmless lines by somebody who had not seen the redaction.

All token bodies are seeded random; none was ever valid. Kept as it was written: who mends a rule
adds to `redaction/` and never changes a line here.
"""

# ruff: noqa
# mypy: ignore-errors
import base64, json, random, string, urllib.parse, collections

R = random.Random(20240611)
AN = string.ascii_letters + string.digits
LO = string.ascii_lowercase + string.digits
UP = string.ascii_uppercase + string.digits
HX = "0123456789abcdef"


def rnd(n, a=AN):
    return "".join(R.choice(a) for _ in range(n))


def hx(n):
    return rnd(n, HX)


def dg(n):
    return rnd(n, string.digits)


def b64(n):
    return base64.b64encode(bytes(R.randrange(256) for _ in range(n * 3 // 4 + 1))).decode()[
        : n // 4 * 4
    ]


def b64u(n):
    return rnd(n, AN + "-_")


W = [
    "Sommer",
    "kestrel",
    "Panther",
    "walrus",
    "Juniper",
    "granite",
    "Tiger",
    "copper",
    "Maple",
    "orbit",
    "Falcon",
    "breeze",
]


def pw():
    return (
        R.choice(W)
        + R.choice(["-", "_", "!", "."])
        + R.choice(W)
        + dg(3)
        + R.choice(["!", "", "x", "Q"])
    )


def spw():
    return rnd(R.randrange(12, 22))


S, H = [], []


def s(g, t, v=None):
    v = spw() if v is None else v
    text = t.replace("§", v)
    assert v and v in text, (g, t)
    S.append({"group": g, "text": text, "secret": v})


def h(g, *ts):
    for t in ts:
        H.append({"group": g, "text": t})


def jwt():
    e = lambda o: base64.urlsafe_b64encode(json.dumps(o).encode()).decode().rstrip("=")
    return (
        e({"alg": "HS256", "typ": "JWT"})
        + "."
        + e({"sub": dg(8), "iss": "test", "n": rnd(20)})
        + "."
        + b64u(43)
    )


def wrap(x, n, ind=""):
    return ("\n" + ind).join(x[i : i + n] for i in range(0, len(x), n))


B, E = "-----BE" + "GIN ", "-----EN" + "D "
PK = "PRIV" + "ATE KEY-----"

# ---------- structure
g = "structure"
s(g, '{"level":"info","msg":"{\\"user\\":\\"app\\",\\"password\\":\\"§\\"}"}')
v = spw()
s(g, json.dumps({"log": json.dumps({"body": json.dumps({"client_secret": v, "id": 4})})}), v)
v = 'q"' + rnd(8) + '"' + rnd(5)
s(g, json.dumps({"password": v, "user": "app"}), json.dumps(v)[1:-1])
s(
    g,
    "grant_type=password&username=svc-app&password=§&scope=read",
    urllib.parse.quote("k#/" + rnd(9) + "&" + rnd(4), safe=""),
)
s(g, "GET /callback?state=ab12&client_secret=§&code_challenge_method=S256 HTTP/1.1 302", rnd(32))
s(g, "payload=%7B%22user%22%3A%22app%22%2C%22password%22%3A%22§%22%7D")
s(g, "<datasource><user-name>sa</user-name><password>§</password></datasource>", pw())
s(g, '<Resource name="jdbc/app" username="app" password="§" maxTotal="20"/>', pw())
s(g, '<add key="ApiKey" value="§" />', rnd(28))
s(g, '<property name="hibernate.connection.password">§</property>', pw())
s(g, "db:\n  user: app\n  password: |\n    §\n  port: 5432", pw())
s(g, "db:\n  password: >-\n    §\n  host: pg-0", pw())
s(g, ':adapter => "postgresql", :password => "§", :pool => 5', pw())
s(g, "password   =    §", pw())
s(g, '[database]\nserver = "10.0.0.4"\npassword = "§"\nports = [8000, 8001]', pw())
s(g, "[client]\nuser=root\npassword=§\nhost=mysql-0", pw())
s(
    g,
    'resource "aws_db_instance" "main" {\n  username        = "app"\n  master_password = "§"\n}',
    pw(),
)
s(g, "spring.datasource.hikari.password: §", pw())
s(g, "DataSourceConfig{url='jdbc:h2:mem', username='sa', password='§', poolSize=10}", pw())
s(g, 'config=&main.Config{Host:"db-0", Port:5432, Password:"§", Debug:false}', pw())
s(g, "{Host:db-0 Port:5432 User:app Password:§ SSLMode:disable}")
s(g, "{'host': 'db-0', 'user': 'app', 'passwd': '§', 'autocommit': True}", pw())
s(g, "Settings(host='redis', port=6379, secret_key=SecretStr('§'))", rnd(40))
s(g, '#<Config:0x000055d0a1 @host="db-0", @user="app", @password="§">', pw())
s(g, "> Authorization: Basic §", base64.b64encode(b"admin:" + rnd(15).encode()).decode())
s(g, "X-Api-Key: §\r\nAccept: */*", rnd(30))
s(g, "Cookie: theme=dark; sessionid=§; lang=de", rnd(32, LO))
s(g, "Set-Cookie: JSESSIONID=§; Path=/; HttpOnly; Secure", rnd(32, UP))
s(g, "ALTER ROLE app WITH LOGIN PASSWORD '§' VALID UNTIL 'infinity';", pw())
s(g, "CREATE USER 'app'@'%' IDENTIFIED BY '§';", pw())
s(g, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\ndata:\n  conn: §", b64(28))
s(g, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: web\nstringData:\n  config.ini: §", pw())

# ---------- disguise
g = "disguise"
ESC = "\x1b"
s(g, ESC + "[36mpassword" + ESC + "[0m=" + ESC + "[33m§" + ESC + "[0m", pw())
s(
    g,
    ESC + "[1;34mDB_PASSWORD" + ESC + "[0m" + ESC + "[90m: " + ESC + '[32m"§"' + ESC + "[39m",
    pw(),
)
s(g, "pass" + ESC + "[31mword" + ESC + "[0m=§")
s(g, "api_key=§", rnd(14) + ESC + "[0m" + rnd(14))
s(g, ESC + "[38;5;208mAuthorization" + ESC + "[0m: Bearer " + ESC + "[2m§" + ESC + "[22m", rnd(36))
s(g, "token" + ESC + "[K: §", rnd(30))
s(g, "pass\u200bword=§", pw())
s(g, "p\u200ca\u200css\u200cword: §", pw())
s(g, "sec\u2060ret=§", rnd(24))
s(g, "\ufeffpassword=§", pw())
s(g, 'client\u00adSecret: "§"', rnd(26))
s(g, "password=§", rnd(9) + "\u200b" + rnd(9))
s(g, "token: §", "gh" + "p_" + rnd(18) + "\u200d" + rnd(18))
s(g, "p\u0430ssword=§", pw())
s(g, "\u0440\u0430ssw\u043erd: §", pw())
s(g, "s\u0435cr\u0435t=§", rnd(22))
s(g, "t\u043eken = §", rnd(32))
s(g, "\u0430pi_k\u0435y: §", rnd(32))
s(g, "passw\u03bfrd=§", pw())
s(g, "\u03c4oken: §", rnd(28))
s(g, "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44=§", pw())
s(g, "\uff34\uff2f\uff2b\uff25\uff2e\uff1a§", rnd(28))
s(g, "password\uff1d§", pw())
s(g, "db_\uff53ecret: §", rnd(20))

# ---------- size
g = "size"
for n, name in (
    (600, "ca_key"),
    (1200, "keystore"),
    (2400, "service_account_key"),
    (4000, "tls.key"),
):
    s(g, name + ": §", b64(n))
for n, t in (
    (800, "encryption_key=§"),
    (1600, '{"private_key_data":"§","kind":"sa"}'),
    (3200, "data:\n  .dockerconfigjson: §"),
):
    s(g, t, b64(n))
for n, w, t in (
    (900, 64, "private_key: |\n§"),
    (1600, 76, "KEYSTORE_BASE64=\n§"),
    (3000, 64, "secret data follows:\n§"),
    (2048, 60, "kind: Secret\ndata:\n  store.jks: |\n§"),
):
    s(g, t, wrap(b64(n), w))
s(g, B + "RSA " + PK + "\n§\n" + E + "RSA " + PK, wrap(b64(1600), 64))
s(g, B + PK + "\n§\n" + E + PK, wrap(b64(1620), 64))
s(g, B + "EC " + PK + "\\n§\\n" + E + "EC " + PK, "\\n".join([b64(64), b64(64), b64(36)]))
s(
    g,
    B + "OPENSSH " + PK + "\n§\n" + E + "OPENSSH " + PK,
    wrap("b3BlbnNzaC1rZXktdjE" + b64(420), 70),
)
s(g, "aes-256 key (hex): §", hx(64))
s(g, "HMAC_KEY=§", hx(128))
s(g, "signing key = 0x§", hx(64))
s(g, "encryption key: §", ":".join(hx(2) for _ in range(32)))
s(g, "openssl enc -aes-256-cbc -K § -iv 00112233445566778899aabbccddeeff", hx(64))
s(g, "SECRET_KEY_BASE: §", hx(128))
s(g, "master.key => §", hx(32))

# ---------- names
g = "names"
for t in [
    "dbPassword=§",
    "smtpAuthPassword: §",
    'masterUserPassword="§"',
    "admin-user-password: §",
    "keystore-pass=§",
    "Kennwort: §",
    "Passwort=§",
    "Datenbankpasswort: §",
    "Zugangsschlüssel: §",
    "mot_de_passe=§",
    "motDePasse: §",
    "clé_secrète: §",
    "contraseña: §",
    "contrasena=§",
    "clave_secreta=§",
    "senha: §",
    "senha_do_banco=§",
    "hasło: §",
    "haslo=§",
    "пароль: §",
    "секретный_ключ=§",
    "密码: §",
    "密码：§",
    "数据库密码=§",
    "パスワード: §",
    "暗証番号＝§",
    "db_pwd=§",
    "PGPASSWORD=§",
    "DB_PW: §",
    "usr=app psw=§",
    "RABBITMQ_DEFAULT_PASS=§",
    "passphrase: §",
    "creds: app/§",
]:
    s(g, t, pw())
s(g, "card_pin=§", dg(6))
s(g, "PIN: §", dg(8))
s(g, "password: §", dg(9))
s(g, '"passcode": §', dg(6))
s(g, "DB_PASSWORD=§", dg(12))
s(g, "otpSecret=§", rnd(32, string.ascii_uppercase + "234567"))

# ---------- tokens
g = "tokens"
T = [
    ("git push failed with §", "gh" + "p_" + rnd(36)),
    ("using § for clone", "gh" + "o_" + rnd(36)),
    ("app installation § expired", "gh" + "s_" + rnd(36)),
    ("pat §", "github" + "_pat_" + rnd(22) + "_" + rnd(59)),
    ("runner registered: §", "gl" + "pat-" + b64u(20)),
    ("runner §", "gl" + "rt-" + b64u(20)),
    ("caller § denied", "AK" + "IA" + rnd(16, string.ascii_uppercase + "234567")),
    ("AWS_SECRET_ACCESS_KEY=§", rnd(40, AN + "/+")),
    ("AWS_SESSION_TOKEN=§", "FwoGZXIvYXdzE" + b64(200)),
    ("maps key § rejected", "AI" + "za" + b64u(35)),
    ("access § expired", "ya" + "29." + b64u(80)),
    ("secret §", "GOC" + "SPX-" + b64u(28)),
    ("slack §", "xo" + "xb-" + dg(12) + "-" + dg(12) + "-" + rnd(24)),
    ("slack user §", "xo" + "xp-" + dg(12) + "-" + dg(12) + "-" + dg(12) + "-" + hx(32)),
    ("slack app §", "xa" + "pp-1-A" + rnd(10, UP) + "-" + dg(13) + "-" + hx(64)),
    ("charge with §", "sk_" + "live_" + rnd(24)),
    ("restricted §", "rk_" + "live_" + rnd(24)),
    ("endpoint §", "wh" + "sec_" + rnd(32)),
    ("openai §", "s" + "k-" + rnd(20) + "T3Blbk" + "FJ" + rnd(20)),
    ("openai proj §", "s" + "k-proj-" + b64u(74)),
    ("claude client §", "sk-" + "ant-api03-" + b64u(93) + "AA"),
    ("hub login §", "hf" + "_" + rnd(34, string.ascii_letters)),
    ("npm publish §", "np" + "m_" + rnd(36)),
    ("twine upload §", "py" + "pi-AgEIcHlwaS5vcmc" + b64u(120)),
    ("docker hub §", "dck" + "r_pat_" + b64u(27)),
    ("mail §", "S" + "G." + b64u(22) + "." + b64u(43)),
    ("mailgun §", "ke" + "y-" + hx(32)),
    ("chimp api key §", hx(32) + "-us" + "14"),
    ("twilio key §", "S" + "K" + hx(32)),
    ("TWILIO_AUTH_TOKEN=§", hx(32)),
    ("do §", "do" + "p_v1_" + hx(64)),
    ("vault §", "hv" + "s." + b64u(95)),
    ("batch §", "hv" + "b." + b64u(140)),
    ("tfc §", rnd(14) + ".atlas" + "v1." + b64u(67)),
    ("DD_API_KEY=§", hx(32)),
    ("newrelic §", "NR" + "AK-" + rnd(27, UP)),
    ("grafana §", "gl" + "sa_" + rnd(32) + "_" + hx(8)),
    ("grafana cloud §", "gl" + "c_" + b64(100)),
    ("sentry §", "sntr" + "ys_" + b64u(120)),
    ("shopify §", "shp" + "at_" + hx(32)),
    ("square §", "sq0" + "atp-" + b64u(22)),
    ("atlassian §", "AT" + "ATT3xFfGF0" + b64u(170)),
    ("linear §", "lin_" + "api_" + rnd(40)),
    ("notion §", "ntn" + "_" + rnd(46)),
    ("age identity §", "AGE-SEC" + "RET-KEY-1" + rnd(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")),
    ("databricks §", "da" + "pi" + hx(32)),
    ("doppler §", "dp." + "pt." + rnd(43)),
    ("planetscale §", "pscale_" + "pw_" + b64u(43)),
    ("tailscale §", "tskey-" + "auth-" + rnd(12) + "CNTRL-" + rnd(32)),
    ("fly §", "Fl" + "yV1 fm2_" + b64(120)),
    ("artifactory §", "AK" + "Cp" + rnd(69)),
    ("azure AccountKey=§;EndpointSuffix=core.windows.net", b64(88)),
    ("azure client §", rnd(3) + "8Q~" + b64u(34)),
    (
        "https://acct.blob.core.windows.net/c/f?sv=2022-11-02&sp=r&sig=§",
        urllib.parse.quote(b64(44), safe=""),
    ),
    ("telegram bot §", dg(10) + ":AA" + b64u(33)),
    ("discord bot token §", "MT" + rnd(24) + "." + b64u(6) + "." + b64u(38)),
    (
        "POST https://hooks.slack" + ".com/services/§ 404",
        "T" + rnd(8, UP) + "/B" + rnd(10, UP) + "/" + rnd(24),
    ),
    ("webhook https://discord" + ".com/api/webhooks/" + dg(18) + "/§", b64u(68)),
    (
        "teams https://acme.webhook" + ".office.com/webhookb2/§",
        "-".join(hx(n) for n in (8, 4, 4, 4, 12)) + "/IncomingWebhook/" + hx(32),
    ),
    ("POST https://chat.googleapis" + ".com/v1/spaces/AAAA/messages?key=test&token=§", b64u(43)),
    ("url: https://api.telegram" + ".org/bot§/sendMessage", dg(10) + ":AA" + b64u(33)),
    ("mattermost https://mm.acme.io/hooks/§", rnd(26, LO)),
    ("kubeadm join 10.0.0.1:6443 --token §", rnd(6, LO) + "." + rnd(16, LO)),
    ("sa token §", jwt()),
]
for t, v in T:
    s(g, t, v)
# ---------- connection
g = "connection"
for t, v in [
    ("postgres://app:§@pg-0:5432/app?sslmode=disable", "p@" + rnd(6) + "@" + rnd(4)),
    ("postgresql://app:§@pg-0.db.svc/app", rnd(5) + ":" + rnd(7)),
    ("mysql://root:§@mysql-0:3306/shop", rnd(5) + "/" + rnd(7)),
    ("mongodb+srv://app:§@c0.mongodb.net/app?retryWrites=true", rnd(5) + "#" + rnd(6)),
    ("mongodb://u:§@m-0:27017,m-1:27017/app?replicaSet=rs0", rnd(6) + "%40" + rnd(6)),
    ("redis://:§@redis-master:6379/0", rnd(6) + "?" + rnd(6)),
    ("rediss://default:§@cache:6380", rnd(20)),
    ("amqp://guest:§@rabbit:5672/%2Fprod", rnd(5) + "%2F" + rnd(5)),
    ("amqps://svc:§@mq:5671/v", rnd(4) + "%" + rnd(6)),
    ('dial tcp failed: "clickhouse://default:§@ch:9000/db"', rnd(4) + "&" + rnd(6)),
    ("jdbc:postgresql://pg:5432/app?user=app&password=§&ssl=true", rnd(14)),
    ("jdbc:oracle:thin:app/§@//ora:1521/ORCL", rnd(12)),
    (
        "jdbc:sqlserver://sql:1433;databaseName=app;user=sa;password=§;encrypt=true",
        rnd(5) + "#@" + rnd(6),
    ),
    (
        "Server=sql-0;Database=app;User Id=sa;Password=§;TrustServerCertificate=True",
        rnd(5) + "@:" + rnd(6),
    ),
    ("Server=sql-0;Uid=app;Pwd='§';", rnd(5) + ";" + rnd(6)),
    ("host=pg-0 port=5432 user=app password=§ dbname=app", rnd(5) + "/?" + rnd(6)),
    ("host=pg-0 user=app password='§' dbname=app", rnd(5) + " " + rnd(6)),
    ("app:§@tcp(mysql-0:3306)/shop?parseTime=true", rnd(5) + "@#" + rnd(6)),
    ("https://deploy:§@git.acme.io/team/repo.git", rnd(20)),
    ("smtp://mailer%40acme.io:§@smtp.acme.io:587", rnd(5) + "!$" + rnd(6)),
    ("ldap://cn=admin,dc=acme:§@ldap:389", rnd(14)),
    ("nats://svc:§@nats:4222", rnd(5) + "//" + rnd(6)),
    (
        "Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=§",
        b64(44),
    ),
    (
        'sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="app" password="§";',
        rnd(5) + ":#" + rnd(6),
    ),
]:
    s(g, t, v)

# ---------- command
g = "command"
for t in [
    "curl -u admin:§ https://nexus.acme.io/repository/x",
    "curl -sS --user 'svc:§' http://es:9200/_cat/indices",
    "curl -H 'X-Auth-Token: §' https://api.acme.io",
    'curl -H "Authorization: token §" https://git.acme.io/api',
    "mysql -h db -uroot -p§ shop",
    "mysqldump --user=root --password=§ shop",
    "mysqladmin -u root password '§'",
    "sshpass -p '§' ssh ops@10.0.0.9",
    "sshpass -p§ scp a b:",
    "redis-cli -h redis -a § ping",
    "redis-cli --pass § INFO",
    "docker login -u ci -p § registry.acme.io",
    "echo § | docker login -u ci --password-stdin",
    "openssl pkcs12 -in a.p12 -passin pass:§ -nodes",
    "openssl enc -d -aes-256-cbc -k § -in f",
    "ldapsearch -x -D cn=admin,dc=acme -w § -b dc=acme",
    "htpasswd -bc /etc/nginx/.htpasswd admin §",
    "kubectl create secret generic db --from-literal=foo=§",
    "kubectl create secret docker-registry r --docker-username=ci --docker-password=§",
    "helm upgrade web ./web --set postgresql.auth.password=§",
    "helm repo add acme https://c.acme.io --username ci --password §",
    "keytool -list -keystore k.jks -storepass §",
    "PGPASSWORD='§' psql -h pg -U app",
    "mongosh -u root -p § --authenticationDatabase admin",
    "echo 'app:§' | chpasswd",
    "sqlcmd -S sql -U sa -P '§' -Q 'select 1'",
    "rabbitmqctl change_password app §",
    "vault login §",
    "wget --http-password=§ https://x.acme.io/f",
    "smbclient //nas/share -U 'app%§'",
    '["mysqld_exporter","--password","§"]',
]:
    s(g, t, R.choice([spw, pw])())

# ---------- split
g = "split"
for sep in ("\n", "\n    ", "\\\n", "\r\n"):
    j = jwt()
    n = len(j)
    s(g, "Authorization: Bearer §", j[: n // 2] + sep + j[n // 2 :])
j = jwt()
s(g, "token: >-\n  §", wrap(j, len(j) // 3 + 1, "  "))
s(g, "id_token=\n§", "\n".join(p for p in jwt().split(".")).replace("\n", ".\n"))
v = "gh" + "p_" + rnd(36)
s(g, "token §", v[:20] + "\n" + v[20:])
v = "gl" + "pat-" + b64u(20)
s(g, "- §", v[:15] + "\n  " + v[15:])
v = "xo" + "xb-" + dg(12) + "-" + dg(12) + "-" + rnd(24)
s(g, "SLACK=§", v[:30] + "\n" + v[30:])
v = "hv" + "s." + b64u(95)
s(g, "client_token  §", wrap(v, 40, "              "))
v = "s" + "k-proj-" + b64u(74)
s(g, "OPENAI_API_KEY: §", v[:40] + "\\\n" + v[40:])
v = rnd(40, AN + "/+")
s(g, "aws_secret_access_key = §", v[:22] + "\n" + v[22:])
v = hx(64)
s(g, 'encryption_key: "§"', v[:32] + "\\\n  " + v[32:])
s(g, "key = (\n  §\n)", '"' + rnd(20) + '"\n  "' + rnd(20) + '"')
s(g, "secret = §", '"' + rnd(18) + '" +\n    "' + rnd(18) + '"')
s(g, "password:\n  §", pw())
s(g, "Password:\n§", pw())
s(g, '"api_key":\n    "§"', rnd(30))
s(g, "--password \\\n  §", pw())
s(g, "env:\n- name: DB_PASSWORD\n  value: §", pw())
s(g, 'env:\n- value: "§"\n  name: API_TOKEN', rnd(28))
s(g, "Environment:\n  DB_PASSWORD:\n    §", pw())
s(
    g,
    "2024-06-11T10:00:01Z | "
    + B
    + PK
    + "\n2024-06-11T10:00:01Z | §\n2024-06-11T10:00:01Z | "
    + E
    + PK,
    "\n2024-06-11T10:00:01Z | ".join(b64(64) for _ in range(3)),
)

# ---------- prose
g = "prose"
for t in [
    "the password is §",
    'The admin password is "§", please change it',
    "login with pw § failed",
    "log in as admin with password § now",
    "password for user app was set to §",
    "root password has been changed to '§'",
    "Generated initial admin password: §",
    "your new API key is §.",
    "use the token § to authenticate",
    "secret (§) does not match",
    "the passphrase for id_rsa is `§`",
    "try user admin / pass §",
    "credentials: admin / §",
    "PW lautet §",
    "Das Passwort ist §",
    "Das Kennwort für root lautet: §",
    "le mot de passe est §",
    "la contraseña es §",
    "a senha é §",
    "пароль для admin: §",
    "the db pass, which is §, leaked",
    "I changed the password from § to something else",
    "password -> §",
    "Temporary password [§] sent to user bob",
    'invalid password "§" for user "app"',
]:
    s(g, t, pw())

# ---------- logs
g = "logs"
for t in [
    "Using generated security password: §",
    "2024-06-11 10:00:01.123  INFO 1 --- [main] c.a.DbConfig : HikariConfig - dataSourceProperties={user=app, password=§}",
    "2024-06-11 10:00:01 DEBUG o.s.w.client.RestTemplate : HTTP POST /oauth/token {client_id=[web], client_secret=[§]}",
    "DEBUG django.db.backends (0.002) UPDATE auth SET password = '§' WHERE id = 4; args=('§', 4)",
    "django.request KeyError SECRET_KEY = '§' DEBUG = True",
    "Error: connect ECONNREFUSED { user: 'app', password: '§', port: 5432 }",
    "axios config { headers: { 'x-api-key': '§' }, method: 'get' }",
    'time="2024-06-11T10:00:01Z" level=debug msg="loaded config" db_password="§" port=5432',
    '{"level":"debug","ts":1718100001.2,"caller":"main.go:41","msg":"cfg","authToken":"§"}',
    "2024/06/11 10:00:01 connecting with dsn user=app password=§ host=pg",
    '10.1.2.3 - - [11/Jun/2024:10:00:01 +0000] "GET /api?access_token=§ HTTP/1.1" 200 12',
    '2024/06/11 10:00:01 [error] 7#7: *1 upstream timed out, request: "GET /v1?apikey=§&x=1 HTTP/1.1"',
    "LOG:  statement: ALTER USER app PASSWORD '§'",
    'ERROR:  syntax error at or near "§" STATEMENT: CREATE ROLE x PASSWORD §',
    "[Note] [Entrypoint]: GENERATED ROOT PASSWORD: §",
    "[Note] A temporary password is generated for root@localhost: §",
    "Query\tSET PASSWORD FOR 'app'@'%' = '§'",
    '1718100001.123456 [0 10.1.2.3:51234] "AUTH" "default" "§"',
    '1718100001.123456 [0 10.1.2.3:51234] "CONFIG" "SET" "requirepass" "§"',
    ">>> 'requirepass §'",
    "INFO ConsumerConfig values: ssl.keystore.password = § ssl.key.password = null",
    'ERROR Invalid login module: username="app" password="§" (kafka.server)',
    "Unseal Key 1: §",
    "Root Token: §",
    "DEBUG: vault response data: map[password:§ username:v-app]",
    'level=INFO msg="argocd initial admin password" password=§',
    "+ export DB_PASSWORD=§",
]:
    s(g, t, b64(44) if "Unseal" in t else "hv" + "s." + rnd(24) if "Root Token" in t else spw())

# =========================== harmless
u = lambda: "-".join(hx(n) for n in (8, 4, 4, 4, 12))
h(
    "env",
    "DATABASE_HOST=pg-0.db.svc.cluster.local",
    "DATABASE_PORT=5432",
    "DATABASE_NAME=orders",
    "DB_USER=app",
    "JAVA_OPTS=-Xms512m -Xmx2g -XX:+UseG1GC -Dfile.encoding=UTF-8",
    "LOG_LEVEL=debug",
    "NODE_ENV=production",
    "GOMAXPROCS=4",
    "KUBERNETES_SERVICE_HOST=10.96.0.1",
    "KUBERNETES_PORT_443_TCP=tcp://10.96.0.1:443",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/bin",
    "TZ=Europe/Berlin",
    "SPRING_PROFILES_ACTIVE=prod,metrics",
    "REDIS_URL=redis://redis-master:6379/0",
    "KAFKA_BOOTSTRAP_SERVERS=kafka-0:9092,kafka-1:9092",
    "OTEL_EXPORTER_OTLP_ENDPOINT=http://otel:4317",
    "TOKEN_TTL_SECONDS=3600",
    "PASSWORD_MIN_LENGTH=12",
    "AUTH_ENABLED=true",
    "MAX_TOKENS=4096",
)
h(
    "ids",
    "Image: registry.acme.io/team/web:1.4.2@sha256:" + hx(64),
    "Image ID: docker.io/library/nginx@sha256:" + hx(64),
    "uid: " + u(),
    "Container ID: containerd://" + hx(64),
    "Container ID: cri-o://" + hx(64),
    "commit " + hx(40),
    "HEAD is now at " + hx(7) + " fix retry",
    "traceparent: 00-" + hx(32) + "-" + hx(16) + "-01",
    "trace_id=" + hx(32) + " span_id=" + hx(16),
    "X-Request-Id: " + u(),
    "pod/web-7d9c6b8f5d-x2k4q",
    "kafka-broker-0",
    "job.batch/backup-28638720",
    "pod-template-hash=6c8b9f7d5f",
    'resourceVersion: "48213377"',
    "controller-revision-hash: web-" + rnd(9, LO),
    "providerID: aws:///eu-central-1a/i-" + hx(17),
    "machineID: " + hx(32),
    "bootID: " + u(),
    "arn:aws:iam::123456789012:role/eks-node",
    "vol-" + hx(17) + " attached to node ip-10-0-1-7",
    "pvc-" + u(),
    "sandbox " + hx(64) + " not found",
)
h(
    "auth_errors",
    'Error: secret "db" not found',
    'MountVolume.SetUp failed for volume "creds" : secret "db-credentials" not found',
    "token expired",
    "error: You must be logged in to the server (Unauthorized)",
    'FATAL:  password authentication failed for user "app"',
    "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
    "couldn't find key password in Secret default/db",
    "CreateContainerConfigError: couldn't find key DB_PASSWORD in Secret prod/web-env",
    "ERROR 1045 (28000): Access denied for user 'app'@'10.1.2.3' (using password: YES)",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "x509: certificate signed by unknown authority",
    "jwt: token is expired by 5m0s",
    "invalid bearer token, service account token has been invalidated",
    'secrets "db" is forbidden: User "system:serviceaccount:prod:web" cannot get resource "secrets" in API group "" in the namespace "prod"',
    "password must not be empty",
    "missing required key: api_key",
    "The security token included in the request is expired",
    'permission denied: token lacks capability "read" on secret/data/app',
    "secret/regcred created",
    "failed to refresh token: context deadline exceeded",
    "SyntaxError: Unexpected token < in JSON at position 0",
    "fe_sendauth: no password supplied",
    "password: authentication failed",
    "Authentication failed: bad password or user name",
    "Token validation failed: signature mismatch",
)
h(
    "k8s_messages",
    "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }. preemption: 0/5 nodes are available",
    "Back-off restarting failed container web in pod web-7d9c6b8f5d-x2k4q_prod(" + u() + ")",
    'Readiness probe failed: Get "http://10.244.1.7:8080/healthz": context deadline exceeded',
    "Liveness probe failed: HTTP probe failed with statuscode: 503",
    "OOMKilled exit code 137",
    "Successfully assigned prod/web-0 to node-3",
    'Failed to pull image "registry.acme.io/web:1.4": rpc error: code = NotFound desc = failed to resolve reference: not found',
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
    "toomanyrequests: You have reached your pull rate limit.",
    "etcdserver: request timed out",
    "etcdserver: mvcc: database space exceeded",
    '{"level":"warn","msg":"apply request took too long","took":"312.4ms","expected-duration":"100ms","prefix":"read-only range "}',
    "Issuing certificate as Secret does not exist",
    'cert-manager: Stored new private key in temporary Secret resource "web-tls-x7k2p"',
    "The certificate has been successfully issued",
    'Waiting on certificate issuance from order prod/web-tls-1-4035829812: "pending"',
    "istio-proxy upstream connect error or disconnect/reset before headers. reset reason: connection failure",
    '[2024-06-11T10:00:01.123Z] "GET /api HTTP/1.1" 503 UF,URX - "-" 0 95 10 - "-" "curl/8.4" "'
    + u()
    + '" "web:8080" "10.244.1.7:8080"',
    'E0611 10:00:01.123456    1234 kubelet.go:2419] "Error getting node" err="node \\"node-3\\" not found"',
    "I0611 10:00:01.123456       1 leaderelection.go:260] successfully acquired lease kube-system/kube-scheduler",
    'failed to create pod sandbox: plugin type="calico" failed (add): error getting ClusterInformation',
    "pod has unbound immediate PersistentVolumeClaims",
    "Scaled up replica set web-7d9c6b8f5d to 3 from 2",
    "secret-store-csi: failed to mount secrets store objects for pod prod/web-0, err: rpc error: code = Unknown",
)
h(
    "urls",
    "GET https://api.acme.io:8443/v1/orders?limit=50&offset=100&sort=desc",
    "http://prometheus:9090/api/v1/query?query=up%7Bjob%3D%22web%22%7D&time=1718100001",
    "https://github.com/kubernetes/kubernetes/issues/12345#issuecomment-987654321",
    "https://10.96.0.1:443/api/v1/namespaces/prod/secrets/db?timeout=10s",
    "https://login.acme.io/oauth2/token",
    "jdbc:postgresql://pg-0:5432/orders?sslmode=require&ApplicationName=web",
    "postgres://pg-0:5432/orders",
    "postgres://app@pg-0:5432/orders?connect_timeout=5",
    "grpc://otel-collector.obs.svc:4317",
    "wss://stream.acme.io/ws?v=2&channel=orders",
    "https://docs.acme.io/reset-password?lang=de",
    "https://vault.acme.io:8200/v1/secret/data/app",
    "amqp://rabbit:5672/%2F",
)
h(
    "resources",
    "cpu: 250m",
    "memory: 512Mi",
    'limits: {cpu: "2", memory: 4Gi, ephemeral-storage: 10Gi}',
    "requests.nvidia.com/gpu: 1",
    "hugepages-2Mi: 100Mi",
    "Allocated: cpu 1850m (92%) memory 3210Mi (41%)",
    "app.kubernetes.io/name=web,app.kubernetes.io/instance=prod,tier!=cache",
    "environment in (prod, staging),!canary",
    "matchLabels: {app: web, track: stable}",
    "nodeSelector: kubernetes.io/arch=arm64",
    "secrets: 12/50",
    'count/secrets: "100"',
    "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
)
h(
    "stacks",
    'java.lang.NullPointerException: Cannot invoke "String.length()" because "token" is null\n\tat com.acme.auth.TokenService.validate(TokenService.java:42)\n\tat com.acme.web.Filter.doFilter(Filter.java:88)',
    'Caused by: org.postgresql.util.PSQLException: FATAL: database "orders" does not exist',
    "\tat org.springframework.security.authentication.UsernamePasswordAuthenticationToken.<init>(UsernamePasswordAuthenticationToken.java:65)",
    "org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'passwordEncoder'",
    "Traceback (most recent call last):\n  File \"/app/auth/token.py\", line 31, in get_token\n    raise KeyError(key)\nKeyError: 'DB_PASSWORD'",
    '  File "/usr/local/lib/python3.11/site-packages/django/contrib/auth/password_validation.py", line 54, in validate_password',
    "ModuleNotFoundError: No module named 'secrets_manager'",
    "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x6f1a2c]\n\ngoroutine 1 [running]:\nmain.(*Server).loadSecret(0xc0000a4000, {0x7f2b1c, 0x9})\n\t/src/main.go:57 +0x1bc",
    "github.com/acme/web/internal/auth.ParseToken(0xc000123400)\n\t/go/src/auth/token.go:88 +0x45",
    "TypeError: Cannot read properties of undefined (reading 'password')\n    at login (/app/src/auth/password.js:17:23)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "    at Object.verifyToken [as verify] (/app/node_modules/jsonwebtoken/verify.js:152:21)",
    "... 23 common frames omitted",
)
h(
    "metrics",
    'http_requests_total{method="POST",code="200",handler="/token"} 1027',
    'container_memory_working_set_bytes{namespace="prod",pod="web-0"} 5.36870912e+08',
    'go_gc_duration_seconds{quantile="0.75"} 4.3127e-05',
    'vault_token_count{namespace="root"} 17',
    'kube_secret_info{namespace="prod",secret="db"} 1',
    "auth_password_failures_total 3",
    'rest_client_requests_total{code="401",host="10.96.0.1:443"} 12',
    'certmanager_certificate_expiration_timestamp_seconds{name="web-tls"} 1.7181e+09',
    "prompt_tokens=1523 completion_tokens=412 total_tokens=1935",
    'apiserver_request_duration_seconds_bucket{resource="secrets",verb="LIST",le="0.5"} 4412',
)
h(
    "cron_versions",
    'schedule: "*/15 2-6 * * 1-5"',
    "0 3 * * 0 /usr/bin/backup",
    "@daily",
    "Kubelet Version: v1.29.4-eks-036c24b",
    "containerd://1.7.13",
    "Linux 5.15.0-1057-aws x86_64",
    "helm.sh/chart: ingress-nginx-4.10.1",
    "go1.22.3 linux/amd64",
    "openjdk 17.0.11 2024-04-16",
    "istio/proxyv2:1.21.2-distroless",
    "jsonwebtoken@9.0.2",
    "2024-06-11T10:00:01.123456789Z",
)
h(
    "certs",
    "SHA256 Fingerprint=" + ":".join(rnd(2, "0123456789ABCDEF") for _ in range(32)),
    "SHA1 Fingerprint=" + ":".join(rnd(2, "0123456789ABCDEF") for _ in range(20)),
    "Serial Number: 04:" + ":".join(hx(2) for _ in range(17)),
    "serial=0" + rnd(35, "0123456789ABCDEF"),
    "--discovery-token-ca-cert-hash sha256:" + hx(64),
    "Subject: CN = web.acme.io, O = Acme",
    "Not After : Sep  9 10:00:01 2024 GMT",
    "X509v3 Subject Key Identifier: " + ":".join(rnd(2, "0123456789ABCDEF") for _ in range(20)),
    "Public Key Algorithm: rsaEncryption, Public-Key: (2048 bit)",
    "RSA key fingerprint is SHA256:" + rnd(43) + ".",
    "Signature Algorithm: ecdsa-with-SHA384",
)
h(
    "flags_paths",
    "--token-ttl=24h",
    "--service-account-key-file=/etc/kubernetes/pki/sa.pub",
    "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
    "--tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
    "--authentication-token-webhook=true",
    "--enable-bootstrap-token-auth=true",
    "--token-auth-file=/etc/k8s/tokens.csv",
    "--encryption-provider-config=/etc/kubernetes/enc.yaml",
    "--password-file=/run/secrets/pw",
    "--password-stdin",
    "/var/run/secrets/kubernetes.io/serviceaccount/token",
    "/var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-x7k2p (ro)",
    "open /var/run/secrets/db/password: no such file or directory",
    "stat /etc/tls/tls.key: permission denied",
    "POSTGRES_PASSWORD_FILE=/run/secrets/postgres-password",
    "--default-ssl-certificate=ingress/wildcard-tls",
    "--secret-name=web-tls",
    "ssl_certificate_key /etc/nginx/certs/tls.key;",
    "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
)
h(
    "pod_yaml",
    "env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db\n      key: password",
    "DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
    "envFrom:\n- secretRef:\n    name: web-env",
    "imagePullSecrets:\n- name: regcred",
    "volumes:\n- name: tls\n  secret:\n    secretName: web-tls\n    defaultMode: 420",
    "automountServiceAccountToken: false",
    "serviceAccountName: web",
    "- serviceAccountToken:\n    expirationSeconds: 3607\n    path: token",
    "type: kubernetes.io/dockerconfigjson",
    "type: kubernetes.io/service-account-token",
    "tls:\n- hosts:\n  - web.acme.io\n  secretName: web-tls",
    "NAME   TYPE     DATA   AGE\ndb     Opaque   2      41d",
    "password:  16 bytes",
    "passwordSecretRef:\n  name: smtp\n  key: pass",
    "tokenSecretName: ci-token",
    'rules:\n- apiGroups: [""]\n  resources: ["secrets"]\n  verbs: ["get", "list"]',
)
h(
    "placeholders",
    "password: ${DB_PASSWORD}",
    "DB_PASSWORD=****",
    "password=********",
    "token: <redacted>",
    "api_key: {{ .Values.apiKey }}",
    "password: $(DB_PASSWORD)",
    'secret: ""',
    "password: null",
    "PASSWORD=$DB_PASSWORD ./run.sh",
    "password: <none>",
    "Authorization: Bearer $TOKEN",
    "postgres://app:${DB_PASSWORD}@pg-0:5432/app",
    "postgres://app:***@pg-0:5432/app",
    "apiKey: [REDACTED]",
    "password: vault:secret/data/app#password",
    "token: \"{{ lookup 'env' 'TOKEN' }}\"",
)

# even out by dropping near-duplicates by hand (no random sampling, so every asked-for form stays)
DROP = {
    "names": [
        "masterUserPassword",
        "admin-user-password",
        "contrasena=",
        "haslo=",
        "senha_do_banco",
        "数据库密码",
        "DB_PW:",
        "usr=app",
        "card_pin",
        "Datenbankpasswort",
        "clave_secreta",
        "passphrase",
        "RABBITMQ",
    ],
    "command": [
        "curl -sS",
        "mysqladmin",
        "scp a b:",
        "redis-cli --pass",
        "mongosh",
        "smbclient",
        "wget",
    ],
    "tokens": [
        "for clone",
        "app installation",
        "runner gl",
        "AWS_SESSION",
        "access ya",
        "slack user",
        "slack app",
        "restricted ",
        "openai s" + "k-",
        "batch ",
        "twilio key",
        "grafana cloud",
        "fly ",
        "artifactory",
        "planetscale",
        "age identity",
        "sa token",
        "doppler",
        "kubeadm",
        "azure client",
    ],
    "logs": ["axios", "argocd", "+ export"],
    "prose": ["Das Passwort ist"],
}
out = []
for x in S:
    d = DROP.get(x["group"], [])
    if x["group"] == "tokens" and x["text"].startswith("openai proj"):
        d = []
    if not any(k in x["text"] for k in d):
        out.append(x)
for x in out:
    assert x["secret"] in x["text"]
assert len({x["text"] for x in out}) == len(out) and len({x["text"] for x in H}) == len(H)
