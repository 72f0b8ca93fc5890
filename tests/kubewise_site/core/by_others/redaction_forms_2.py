"""A second corpus of forms, written from public documentation and bug reports without reading the rules that it tests.

`⟦S:kind⟧` marks a secret that must not survive, `⟦kind⟧` a harmless value of that shape. Both are made at load (the same each time), so that no line
of this file looks like a real token. The kinds stand in `generated.py`. Kept as it was written: who mends
a rule never changes a line here.
"""

# ruff: noqa: E501

from __future__ import annotations

from tests.kubewise_site.core.by_others.generated import form, line

FIRST_START = """
2024-03-02T08:11:20.481120Z 6 [Note] [MY-010454] [Server] A temporary password is generated for root@localhost: ⟦S:strong⟧
2024-03-02T08:11:20Z 1 [Note] A temporary password is generated for root@localhost: ⟦S:word⟧
[Entrypoint]: GENERATED ROOT PASSWORD: ⟦S:alnum:32⟧
Using generated security password: ⟦S:uuid⟧
Jenkins initial setup is required. An admin user has been created and a password generated.\\nPlease use the following password to proceed to installation:\\n\\n⟦S:hex:32⟧\\n\\nThis may also be found at: /var/jenkins_home/secrets/initialAdminPassword
Administrator initial password (except double quotes): "⟦S:word⟧"
Admin password generated: ⟦S:word⟧
Bootstrap Password: ⟦S:lower:54⟧
Password for the [elastic] user successfully reset.\\nNew value: ⟦S:alnum:20⟧
The generated password for the elastic built-in superuser is:\\n⟦S:alnum:20⟧
PASSWORD elastic = ⟦S:alnum:20⟧
Unseal Key 1: ⟦S:b64:33⟧
Initial Root Token: hvs.⟦S:alnum:24⟧
Root Token: ⟦S:alnum:26⟧
Login with username: admin  password: ⟦S:alnum:16⟧
standalone | Airflow is ready, Login with username: admin  password: ⟦S:alnum:12⟧
    http://127.0.0.1:8888/lab?token=⟦S:hex:48⟧
RootUser: minioadmin\\nRootPass: ⟦S:alnum:24⟧
To join: kubeadm join 10.0.0.10:6443 --token ⟦hex:6⟧.⟦S:hex:16⟧ --discovery-token-ca-cert-hash sha256:⟦hex:64⟧
You can now join with --control-plane --certificate-key ⟦S:hex:64⟧
K3S node join token: K10⟦S:hex:64⟧::server:⟦S:hex:32⟧
created initial user "root" with password "⟦S:word⟧"
Default admin user created. Username: admin, Password: ⟦S:alnum:14⟧
=== Startup token for initial user creation ===\\n===   ⟦S:alnum:20⟧   ===
Setting up initial account: user=superset pass=⟦S:word⟧ role=Admin
[init] erlang cookie set to '⟦S:upper:20⟧'
Metabase setup token: ⟦S:uuid⟧
"""

SQL = """
LOG:  statement: ALTER USER reporting WITH ENCRYPTED PASSWORD '⟦S:word⟧';
ERROR:  syntax error at or near "ROLE" STATEMENT: CREATE ROLE ci LOGIN PASSWORD '⟦S:strong⟧' VALID UNTIL 'infinity'
Query   CREATE USER 'shop'@'%' IDENTIFIED BY '⟦S:word⟧'
Query   CREATE USER shop@localhost IDENTIFIED WITH mysql_native_password BY "⟦S:word⟧"
SET PASSWORD FOR 'donald'@'localhost' = PASSWORD('⟦S:word⟧')
update mysql.user set authentication_string=password("⟦S:word⟧") where user='root'
CHANGE MASTER TO MASTER_HOST='db-0', MASTER_USER='repl', MASTER_PASSWORD='⟦S:word⟧', MASTER_PORT=3306
CHANGE REPLICATION SOURCE TO SOURCE_USER='repl', SOURCE_PASSWORD='⟦S:alnum:18⟧'
CREATE SUBSCRIPTION s CONNECTION 'host=db-1 dbname=app user=repl password=⟦S:word⟧' PUBLICATION p
CREATE USER MAPPING FOR app SERVER remote OPTIONS (user 'app', password '⟦S:word⟧');
CREATE LOGIN app WITH PASSWORD = N'⟦S:strong⟧', DEFAULT_DATABASE = shop
alter user SCOTT identified by "⟦S:word⟧" account unlock
alter user scott identified by ⟦S:alnum:12⟧;
GRANT ALL ON shop.* TO 'shop'@'%' IDENTIFIED BY '⟦S:word⟧';
create user test identified with plaintext_password by '⟦S:word⟧'
DEBUG http_service: prepare to execute: "create user u3 with password='⟦S:word⟧';"
CREATE ROLE cass WITH PASSWORD = '⟦S:word⟧' AND LOGIN = true
COPY events FROM 's3://b/p' CREDENTIALS 'aws_access_key_id=AKIA⟦upper:16⟧;aws_secret_access_key=⟦S:alnum:40⟧'
db.createUser({user: "app", pwd: "⟦S:word⟧", roles: ["readWrite"]})
db.auth("app", "⟦S:word⟧")
main_service.cc:1604]  AUTH ⟦S:word⟧ failed with reason: -WRONGPASS invalid username-password pair or user is disabled.
1712044444.123 [0 10.1.2.3:53412] "AUTH" "⟦S:word⟧"
1712044444.130 [0 10.1.2.3:53412] "AUTH" "default" "⟦S:alnum:24⟧"
CONFIG SET requirepass ⟦S:alnum:24⟧
ACL SETUSER worker on >⟦S:word⟧ ~* +@all
sentinel auth-pass mymaster ⟦S:word⟧
+ config set masterauth "⟦S:alnum:20⟧"
"""

DSN = """
dial error: postgres://app:⟦S:word⟧@db.shop.svc:5432/orders?sslmode=disable: connection refused
cannot parse `host=db port=5432 user=app password=⟦S:word⟧ dbname=orders sslmode=foo`: failed to configure TLS
failed to connect to `user=app password='⟦S:word⟧' host=/var/run/postgresql`
jdbc:postgresql://db:5432/orders?user=app&password=⟦S:word⟧&ssl=true
jdbc:sqlserver://sql.internal:1433;databaseName=shop;user=sa;password=⟦S:strong⟧;encrypt=true
jdbc:oracle:thin:scott/⟦S:word⟧@//ora.internal:1521/ORCLPDB1
Attempting: sqlplus -s app/⟦S:word⟧@ORCL @run.sql
jdbc:mysql://app:⟦S:word⟧@mysql:3306/shop
Error 1045: dsn=app:⟦S:word⟧@tcp(mysql.shop.svc:3306)/shop?parseTime=true
Server=tcp:sql.example.net,1433;Database=shop;User ID=app;Password=⟦S:strong⟧;Encrypt=True;
Driver={ODBC Driver 18 for SQL Server};Server=sql;UID=app;PWD={⟦S:word⟧;};
Data Source=ORCL;User Id=scott;Pwd=⟦S:word⟧;
mongodb+srv://app:⟦S:alnum:18⟧@cluster0.ab1cd.mongodb.net/?retryWrites=true
mongodb://root:⟦S:word⟧%40x@m-0:27017,m-1:27017/admin?replicaSet=rs0
amqp://guest:⟦S:word⟧@rabbit:5672/%2F connection_forced
redis://:⟦S:word⟧@redis-master:6379/0
rediss://default:⟦S:alnum:32⟧@cache.example.net:6380
nats: authorization violation for nats://⟦S:alnum:24⟧@nats:4222
kafka://svc:⟦S:word⟧@broker-0:9092/orders
{sasl.mechanism=PLAIN, sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="svc" password="⟦S:word⟧";, client.id=x}
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username='svc' password='⟦S:alnum:20⟧';
DefaultEndpointsProtocol=https;AccountName=logs;AccountKey=⟦S:b64:64⟧;EndpointSuffix=core.windows.net
Endpoint=sb://hub.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=⟦S:b64:32⟧
HostName=h.azure-devices.net;DeviceId=d1;SharedAccessKey=⟦S:b64:32⟧
https://logs.blob.core.windows.net/c/f?sv=2022-11-02&st=2024-01-01&se=2024-02-01&sr=b&sp=r&sig=⟦S:b64pct:32⟧
AccountEndpoint=https://c.documents.azure.com:443/;AccountKey=⟦S:b64:64⟧;
https://⟦S:hex:32⟧:⟦S:hex:32⟧@sentry.example.org/42
http://elastic:⟦S:word⟧@es-0:9200/_bulk returned 429
smtp://mailer%40example.org:⟦S:word⟧@smtp.example.org:587
fatal: unable to access 'https://oauth2:⟦S:alnum:20⟧@gitlab.example.org/a/b.git/': 403
Cloning into '/repo' from https://x-access-token:ghs_⟦S:alnum:36⟧@github.com/a/b
cloudinary://⟦digits:15⟧:⟦S:b64url:20⟧@demo
snowflake://svc:⟦S:word⟧@acct/db/schema?warehouse=wh
clickhouse://ch:9000?username=default&password=⟦S:word⟧
sqlserver://sa:⟦S:strong⟧@sql:1433?database=master
ldap://cn=admin,dc=example,dc=org:⟦S:word⟧@ldap:389
ftp://deploy:⟦S:word⟧@files.example.org/in/ 530 Login incorrect
"""

ARGS = """
Error: failed to create containerd task: exec: "--password=⟦S:word⟧": executable file not found in $PATH
+ mysql -h db -u root -p⟦S:word⟧ -e 'select 1'
mysqldump: -uroot -p'⟦S:word⟧' shop > /backup/shop.sql
CalledProcessError: Command '['mysql', '--user=app', '--password=⟦S:word⟧', 'shop']' returned non-zero exit status 1.
The command PGPASSWORD=⟦S:word⟧ /usr/bin/psql -d xcatdb -h f6u13k10 -U xcatadm had errors. Return=127
mysqladmin -u root password '⟦S:word⟧'
["--provider=oidc","--client-secret","⟦S:alnum:32⟧","--cookie-secure=false"]
args: [--client-secret ⟦S:b64url:32⟧ --upstream http://127.0.0.1:8080]
-subscriptionId=abc -tenantId=abc -aADClientSecret=⟦S:b64url:30⟧ -aADClientID=abc
curl -u admin:⟦S:word⟧ http://nexus:8081/service/rest/v1/status
curl -sS --user 'ci:⟦S:word⟧' https://jenkins/job/a/build
wget --http-user=ci --http-password=⟦S:word⟧ https://files/a.tgz
sshpass -p '⟦S:word⟧' ssh root@10.0.0.4 uptime
SSHPASS=⟦S:word⟧ sshpass -e sftp u@h
ldapsearch -x -D cn=admin,dc=ex,dc=org -w ⟦S:word⟧ -b dc=ex,dc=org
redis-cli -h redis -a ⟦S:alnum:20⟧ --no-auth-warning ping
mongosh --host m-0 -u root -p ⟦S:word⟧ --authenticationDatabase admin
docker login -u ci -p ⟦S:alnum:30⟧ registry.example.org
az login --service-principal -u ⟦uuid⟧ -p ⟦S:b64url:30⟧ --tenant ⟦uuid⟧
openssl pkcs12 -in a.p12 -passin pass:⟦S:word⟧ -nodes
openssl req -new -passout pass:⟦S:word⟧ -out a.csr
keytool -list -keystore k.jks -storepass ⟦S:word⟧
keytool -importkeystore -srckeypass ⟦S:word⟧ -destalias a
java -Djavax.net.ssl.trustStorePassword=⟦S:word⟧ -jar app.jar
JAVA_OPTS=-Xmx512m -Dspring.datasource.password=⟦S:word⟧ -Dserver.port=8080
helm upgrade shop ./shop --set postgresql.auth.password=⟦S:word⟧ --set replicas=2
kubectl create secret generic db --from-literal=password=⟦S:word⟧
kubectl create secret docker-registry r --docker-username=u --docker-password=⟦S:alnum:24⟧
etcdctl --endpoints=https://10.0.0.1:2379 --user root:⟦S:word⟧ member list
smbclient //nas/share -U svc%⟦S:word⟧ -c ls
mount -t cifs -o username=svc,password=⟦S:word⟧,vers=3.0 //nas/share /mnt
MountVolume.SetUp failed for volume "smb" : mount failed: exit status 32 Mounting arguments: -t cifs -o username=svc,password=⟦S:word⟧ //nas/s /var/lib/kubelet/x
sqlcmd -S sql -U sa -P ⟦S:word⟧ -Q 'SELECT 1'
ipmitool -I lanplus -H 10.0.0.9 -U root -P ⟦S:word⟧ power status
gpg --batch --passphrase ⟦S:word⟧ -d a.gpg
7z x -p⟦S:word⟧ backup.7z
unzip -P ⟦S:word⟧ backup.zip
rclone copy --s3-access-key-id AK --s3-secret-access-key ⟦S:alnum:40⟧ a b
terraform apply -var db_password=⟦S:word⟧ -auto-approve
ansible-playbook site.yml -e ansible_become_pass=⟦S:word⟧
flyway -url=jdbc:postgresql://db/x -user=app -password=⟦S:word⟧ migrate
beeline -u jdbc:hive2://h:10000 -n hive -p ⟦S:word⟧
htpasswd -bc /etc/nginx/.htpasswd admin ⟦S:word⟧
echo '⟦S:word⟧' | kinit svc@EXAMPLE.ORG
echo "root:⟦S:word⟧" | chpasswd
echo ⟦S:word⟧ | docker login --username ci --password-stdin
snmpwalk -v3 -u mon -l authPriv -a SHA -A ⟦S:word⟧ -x AES -X ⟦S:word⟧ 10.0.0.1
npm config set //registry.example.org/:_authToken=⟦S:uuid⟧
sonar-scanner -Dsonar.host.url=http://s:9000 -Dsonar.login=⟦S:hex:40⟧
vault login -method=userpass username=ops password=⟦S:word⟧
vault operator unseal ⟦S:b64:33⟧
vault kv put secret/app api_key=⟦S:alnum:24⟧
helm repo add priv https://charts.example.org --username u --password ⟦S:word⟧
argocd login argocd.example.org --username admin --password '⟦S:word⟧' --insecure
ngrok config add-authtoken ⟦S:alnum:48⟧
tailscale up --authkey=tskey-auth-⟦S:alnum:16⟧-⟦S:alnum:32⟧
influx write --token ⟦S:b64url:64⟧ -b metrics
./agent --registration-token=⟦S:alnum:29⟧ --url http://gitlab
"""

ENV = """
    - name: MARIADB_MASTER_ROOT_PASSWORD\\n      value: ⟦S:word⟧
      MYSQL_PW:  ⟦S:word⟧
      SMTP_PASS:                 ⟦S:word⟧
{"name":"REDIS_AUTH","value":"⟦S:word⟧"}
{"value":"⟦S:word⟧","name":"DATABASE_PASSWORD"}
Env:[]EnvVar{EnvVar{Name:DB_PASSWORD,Value:⟦S:word⟧,ValueFrom:nil,},},Resources:ResourceRequirements{Limits:ResourceList{}}
EnvVar{Name:"JWT_SIGNING_KEY", Value:"⟦S:alnum:32⟧"}
"Env": ["PATH=/usr/bin", "SA_PASSWORD=⟦S:strong⟧", "ACCEPT_EULA=Y"]
Environment="VAULT_TOKEN=⟦S:alnum:26⟧"
export REDISCLI_AUTH=⟦S:word⟧
$env:AZURE_CLIENT_SECRET = "⟦S:b64url:30⟧"
set DB_PWD=⟦S:word⟧
APP_KEY=base64:⟦S:b64:32⟧
SECRET_KEY_BASE=⟦S:hex:128⟧
RAILS_MASTER_KEY=⟦S:hex:32⟧
AIRFLOW__CORE__FERNET_KEY=⟦S:b64:32⟧
ConnectionStrings__Default=Host=db;Username=app;Password=⟦S:word⟧
TF_VAR_admin_password=⟦S:word⟧
DD_API_KEY=⟦S:hex:32⟧
NEW_RELIC_LICENSE_KEY=⟦S:hex:36⟧NRAL
TWILIO_AUTH_TOKEN=⟦S:hex:32⟧
LDAP_BIND_PASS: ⟦S:word⟧
RABBITMQ_ERLANG_COOKIE='⟦S:upper:20⟧'
WG_PRIVATE_KEY=⟦S:b64:32⟧
BACKUP_PASSPHRASE="⟦S:word⟧ ⟦S:word⟧ ⟦S:word⟧"
Error: Invalid value: "⟦S:word⟧": env var KEYCLOAK_ADMIN_PASSWORD must not contain dots
environ({'HOME': '/root', 'GF_SECURITY_ADMIN_PASSWORD': '⟦S:word⟧', 'LANG': 'C'})
process.env { NODE_ENV: 'production', SESSION_SECRET: '⟦S:alnum:24⟧', PORT: '3000' }
declare -x N8N_ENCRYPTION_KEY="⟦S:alnum:24⟧"
+ POSTGRES_PASSWORD=⟦S:word⟧
KAFKA_OPTS: -Djava.security.auth.login.config=/x -Dkey.pass=⟦S:word⟧
"""

TOKENS = """
git push failed: remote: invalid credentials ghp_⟦S:alnum:36⟧
using github_pat_⟦S:alnum:22⟧_⟦S:alnum:59⟧ for api.github.com
cloning with glpat-⟦S:b64url:20⟧ ...
runner registered as glrt-⟦S:b64url:20⟧
slack post failed for xoxb-⟦digits:12⟧-⟦digits:12⟧-⟦S:alnum:24⟧
socket mode started with xapp-1-A⟦upper:10⟧-⟦digits:13⟧-⟦S:hex:64⟧
Incorrect API key provided: sk-proj-⟦S:alnum:48⟧. You can find your API key at the site.
anthropic client ready sk-ant-api03-⟦S:b64url:93⟧AA
403 Client Error for url: https://crux.googleapis.com/v1/records:queryRecord?key=AIza⟦S:b64url:35⟧
oauth refreshed ya29.⟦S:b64url:120⟧
client GOCSPX-⟦S:b64url:28⟧ rejected
mail relay 535 SG.⟦S:b64url:22⟧.⟦S:b64url:43⟧
stripe error: No such charge; key sk_live_⟦S:alnum:24⟧
stripe hook verified against whsec_⟦S:alnum:32⟧
npm ERR! 403 npm_⟦S:alnum:36⟧ may not publish
twine upload with pypi-AgEIcHlwaS5vcmc⟦S:b64url:120⟧
pull as ci with dckr_pat_⟦S:b64url:27⟧ failed
digitalocean dop_v1_⟦S:hex:64⟧ unauthorized
vault renew hvs.⟦S:b64url:90⟧
batch hvb.⟦S:b64url:138⟧ expired
hub download denied for hf_⟦S:letters:34⟧
grafana: glsa_⟦S:alnum:32⟧_⟦hex:8⟧ lacks permission
shopify shpat_⟦S:hex:32⟧ revoked
databricks cluster start with dapi⟦S:hex:32⟧
postman PMAK-⟦S:hex:24⟧-⟦S:hex:34⟧
linear lin_api_⟦S:alnum:40⟧
figma figd_⟦S:b64url:40⟧
brevo xkeysib-⟦S:hex:64⟧-⟦S:alnum:16⟧
new relic NRAK-⟦S:upper:27⟧
pulumi pul-⟦S:hex:40⟧ invalid
jira ATATT3xFfGF0⟦S:b64url:170⟧=⟦hexupper:8⟧
contentful CFPAT-⟦S:b64url:43⟧
groq gsk_⟦S:alnum:52⟧ rate limited
replicate r8_⟦S:alnum:37⟧
doppler dp.pt.⟦S:alnum:43⟧
age identity AGE-SECRET-KEY-1⟦S:bech:58⟧
telegram https://api.telegram.org/bot⟦digits:10⟧:AA⟦S:b64url:33⟧/sendMessage 400
POST https://hooks.slack.com/services/T⟦upper:8⟧/B⟦upper:10⟧/⟦S:alnum:24⟧ 404 no_team
discord https://discord.com/api/webhooks/⟦digits:18⟧/⟦S:b64url:68⟧ 429
teams https://x.webhook.office.com/webhookb2/⟦uuid⟧@⟦uuid⟧/IncomingWebhook/⟦S:hex:32⟧/⟦uuid⟧
sentry cli sntrys_⟦S:b64url:120⟧
rubygems_⟦S:hex:48⟧ is not allowed
square sq0csp-⟦S:b64url:43⟧
mailgun key-⟦S:hex:32⟧ forbidden
client secret ⟦alnum:3⟧8Q~⟦S:b64url:34⟧ has expired (AADSTS7000222)
serviceaccount ⟦S:jwt⟧ rejected
v2.local.⟦S:b64url:120⟧
-----BEGIN RSA PRIVATE KEY-----\\n⟦S:b64:48⟧\\n⟦S:b64:48⟧\\n-----END RSA PRIVATE KEY-----
-----BEGIN OPENSSH PRIVATE KEY-----\\n⟦S:b64:48⟧\\n⟦S:b64:30⟧\\n-----END OPENSSH PRIVATE KEY-----
{"private_key":"-----BEGIN PRIVATE KEY-----\\\\n⟦S:b64:48⟧\\\\n⟦S:b64:48⟧\\\\n-----END PRIVATE KEY-----\\\\n"}
GET https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA⟦upper:16⟧%2F20240101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=⟦S:hex:64⟧
aws_access_key_id = AKIA⟦upper:16⟧\\naws_secret_access_key = ⟦S:alnum:40⟧
aws_session_token=⟦S:b64:200⟧
"""

HTTP = """
I0226 03:06:39.834301 1 round_trippers.go:419] curl -k -v -XGET -H "Authorization: Bearer ⟦S:jwt⟧" 'https://10.152.183.1:443/apis'
Authorization: Basic ⟦S:b64pair⟧
> Proxy-Authorization: Basic ⟦S:b64pair⟧
authorization: Token ⟦S:hex:40⟧
Authorization: ApiKey ⟦S:b64:40⟧
map[Accept:[*/*] Authorization:[Bearer ⟦S:alnum:40⟧] User-Agent:[Go-http-client/1.1]]
headers={'User-Agent': 'requests/2.31', 'X-Api-Key': '⟦S:alnum:32⟧'}
[Accept:"application/json", Authorization:"Bearer ⟦S:alnum:36⟧", Content-Length:"12"]
"X-Vault-Token: ⟦S:alnum:26⟧"
PRIVATE-TOKEN: ⟦S:alnum:20⟧
Cookie: JSESSIONID=⟦S:hexupper:32⟧; lang=en
Set-Cookie: sessionid=⟦S:alnum:32⟧; HttpOnly; Path=/
10.1.2.3 - - [02/Mar/2024:10:00:00 +0000] "GET /api/v1/items?access_token=⟦S:alnum:40⟧ HTTP/1.1" 401 12
GET /fred/series/observations?series_id=X&api_key=⟦S:hex:32⟧&file_type=json 403
HTTPError: 400 for url https://web-api.tp.entsoe.eu/api?securityToken=⟦S:uuid⟧&documentType=A44
401 Client Error: Unauthorized for url: https://proxycheck.io/v2/8.8.8.8?key=⟦S:alnum:24⟧
grant_type=client_credentials&client_id=web&client_secret=⟦S:b64url:32⟧
{"access_token":"⟦S:alnum:60⟧","token_type":"bearer","refresh_token":"⟦S:alnum:40⟧","expires_in":300}
request body: {"username":"ada","password":"⟦S:word⟧","remember":true}
mutation { login(email: "a@example.org", password: "⟦S:word⟧") { id } }
Liveness probe failed: Get "http://probe:⟦S:word⟧@10.0.3.4:8080/healthz": context deadline exceeded
Failed to pull image "https://ci:⟦S:alnum:20⟧@registry.example.org/app:1": invalid reference format
ws://chat:8080/socket?token=⟦S:b64url:32⟧&v=2 closed 1006
x-amz-security-token:⟦S:b64:120⟧
"X-Goog-Api-Key": ["⟦S:b64url:39⟧"]
Upstream rejected header x-auth-token=⟦S:alnum:32⟧
callback /oauth?code=⟦S:b64url:40⟧&state=xyz&client_secret=⟦S:alnum:32⟧
"""

DUMPS = """
config: {Host:db Port:5432 User:app Password:⟦S:word⟧ SSLMode:disable}
&config.DB{Host:"db", Password:"⟦S:word⟧", Pool:10}
ZimbraLdapConfig[host=ldap, bindDn=cn=admin, bindPassword=⟦S:word⟧]
HikariConfig(jdbcUrl=jdbc:h2:mem:x, username=sa, password=⟦S:word⟧, maxPool=10)
#<Client:0x00007f @host="db", @password="⟦S:word⟧", @port=1>
array ( 'driver' => 'pgsql', 'username' => 'app', 'password' => '⟦S:word⟧' )
[password] => ⟦S:word⟧
DbSettings(host='db', user='app', password='⟦S:word⟧')
UserOptions { name: "root", secret: Some("⟦S:word⟧"), comment: None }
│ │    password = '⟦S:word⟧'                                  │ │
[hostname: "db", username: "app", password: "⟦S:word⟧", database: "x"]
[{user,"guest"},{password,<<"⟦S:word⟧">>},{vhost,"/"}]
<datasource><user>app</user><password>⟦S:word⟧</password></datasource>
<user username="tomcat" password="⟦S:word⟧" roles="manager-gui"/>
<add key="ApiKey" value="⟦S:alnum:32⟧" />
<property name="hibernate.connection.password">⟦S:word⟧</property>
spring.datasource.password=⟦S:word⟧
quarkus.datasource.password: ⟦S:word⟧
      + password = "⟦S:word⟧"
password: |-\\n  ⟦S:word⟧\\nuser: app
stringData:\\n  token: ⟦S:alnum:30⟧
{"kind":"Secret","apiVersion":"v1","data":{"db":"⟦S:b64:18⟧"}}
apiVersion: v1\\nkind: Secret\\nmetadata:\\n  name: db\\ndata:\\n  dsn: ⟦S:b64:24⟧
kubectl.kubernetes.io/last-applied-configuration: {\\"spec\\":{\\"env\\":[{\\"name\\":\\"DB_PASSWORD\\",\\"value\\":\\"⟦S:word⟧\\"}]}}
{"msg":"loaded","config":"{\\"user\\":\\"app\\",\\"password\\":\\"⟦S:word⟧\\"}"}
{"auths":{"registry.example.org":{"username":"ci","auth":"⟦S:b64pair⟧"}}}
.dockerconfigjson: ⟦S:b64:80⟧
machine github.com login ada password ⟦S:word⟧
users:\\n- name: admin\\n  user:\\n    client-key-data: ⟦S:b64:120⟧
basic_auth:\\n  username: prom\\n  password: ⟦S:word⟧
requirepass ⟦S:word⟧
default_pass = ⟦S:word⟧
bindpw ⟦S:word⟧
ldap_default_authtok = ⟦S:word⟧
user dataplane insecure-password ⟦S:word⟧
[Interface] PrivateKey = ⟦S:b64:32⟧ Address = 10.0.0.2/24
network={ ssid="x" psk="⟦S:word⟧" }
s3: {access_key: AK, secret_key: ⟦S:alnum:40⟧, region: eu}
ssl.keystore.password = ⟦S:word⟧
root:$6$⟦alnum:8⟧$⟦S:alnum:86⟧:19000:0:99999:7:::
admin:$apr1$⟦alnum:8⟧$⟦S:alnum:22⟧
hash_password: Some("$2b$12$⟦S:alnum:53⟧")
'PASSWORD': '⟦S:word⟧', 'HOST': 'db', 'ENGINE': 'django.db.backends.postgresql'
"shop:minio_password":{"Value":"⟦S:word⟧","Secret":true}
proxy_set_header Authorization "Basic ⟦S:b64pair⟧";
storage: swift: {authUrl: "http://k", password: '⟦S:word⟧', tenant: x}
db-1.internal:5432:orders:app:⟦S:word⟧
encryption: {providers: [{aescbc: {keys: [{name: key1, secret: ⟦S:b64:32⟧}]}}]}
"""

PROSE = """
the password for user admin has been changed to ⟦S:word⟧
Login failed for user 'ops' with password '⟦S:word⟧'
MongoDB Create user: root, passwd: ⟦S:alnum:8⟧, roles: map[db:admin role:root]
invalid token '⟦S:alnum:32⟧' presented by 10.0.0.3
password is ⟦S:word⟧
Your password is: ⟦S:word⟧
new password = ⟦S:word⟧ (change it after login)
passphrase was "⟦S:word⟧"
authentication with api key ⟦S:alnum:32⟧ failed
rotating secret from ⟦S:alnum:24⟧ to ⟦S:alnum:24⟧
Mot de passe : ⟦S:word⟧
Kennwort: ⟦S:word⟧
Passwort lautet ⟦S:word⟧
contraseña: ⟦S:word⟧
senha=⟦S:word⟧
пароль: ⟦S:word⟧
密码: ⟦S:word⟧
パスワード：⟦S:word⟧
hasło: ⟦S:word⟧
wachtwoord: ⟦S:word⟧
lösenord: ⟦S:word⟧
şifre: ⟦S:word⟧
비밀번호: ⟦S:word⟧
Received command SET mysql-monitor_password='⟦S:word⟧'
credentials: app / ⟦S:word⟧
connecting as app with password ⟦S:word⟧
user app (password: ⟦S:word⟧) could not log in
"""

DISGUISED = """
\x1b[32mpassword\x1b[0m=\x1b[33m⟦S:word⟧\x1b[0m
\x1b[1;31mERROR\x1b[0m db_password: \x1b[36m"⟦S:word⟧"\x1b[0m
pass\u200bword: ⟦S:word⟧
%7B%22user%22%3A%22app%22%2C%22password%22%3A%22⟦S:alnum:16⟧%22%7D
{&quot;user&quot;:&quot;app&quot;,&quot;password&quot;:&quot;⟦S:alnum:16⟧&quot;}
{\\u0022password\\u0022:\\u0022⟦S:alnum:16⟧\\u0022}
2024-03-02T08:11:20.481120123Z stderr F level=debug msg="auth" password="⟦S:word⟧"
level=info msg=login user=app pass=⟦S:word⟧ ip=10.0.0.1
PASSWORD\\t⟦S:word⟧
password\\t=\\t⟦S:word⟧
"password" : "⟦S:word⟧"
'api-key'   :   '⟦S:alnum:24⟧'
Password=>"⟦S:word⟧"
password:=⟦S:word⟧
"apiToken":\\n    "⟦S:alnum:24⟧"
[DEBUG] db_password -> ⟦S:word⟧
| password | ⟦S:word⟧ |
ｐassword：⟦S:word⟧
Mar  2 08:11:20 n1 app[1]: #012password=⟦S:word⟧#012user=app
"""

EVENTS = """
Successfully assigned shop/web-6d4cf56db6-x8k2p to node-3
Pulling image "registry.example.org/shop/web:1.42.0-rc.3"
Successfully pulled image "nginx:1.25.3-alpine" in 2.113s (2.113s including waiting). Image size: 17653417 bytes.
Container image "registry.example.org/shop/web@sha256:⟦hex:64⟧" already present on machine
Created container: web
Back-off restarting failed container web in pod web-6d4cf56db6-x8k2p_shop(⟦uuid⟧)
Readiness probe failed: HTTP probe failed with statuscode: 503
Liveness probe failed: Get "http://10.244.1.17:8080/healthz": dial tcp 10.244.1.17:8080: connect: connection refused
MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found
MountVolume.SetUp failed for volume "kube-api-access-7xk2p" : failed to fetch token: pods "web-0" not found
Error: couldn't find key password in Secret shop/db-credentials
Error: secret "db-credentials" not found
Error: configmap "app-config" not found
Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data kube-api-access-l2k9x]: timed out waiting for the condition
0/6 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 5 Insufficient memory. preemption: 0/6 nodes are available
Failed to pull image "nginx:1.99": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:1.99": not found
Failed to pull image "ghcr.io/org/private:2": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed
Error creating: pods "job-28472910-" is forbidden: exceeded quota: compute, requested: limits.memory=2Gi, used: limits.memory=7Gi, limited: limits.memory=8Gi
FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.
Created pod: web-7f9c6b5d4-q2w8z
Scaled up replica set web-7f9c6b5d4 to 3 from 2
New size: 5; reason: cpu resource utilization (percentage of request) above target
waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually by the system administrator
AttachVolume.Attach failed for volume "pvc-⟦uuid⟧" : rpc error: code = Internal desc = Could not attach volume "vol-0⟦hex:16⟧" to node "i-0⟦hex:16⟧"
Node node-3 status is now: NodeNotReady
The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 3Gi. Container web was using 8Gi, request is 0.
System OOM encountered, victim process: java, pid: 31245
Certificate will be renewed before it expires; secretName: web-tls
Issuing certificate as Secret does not exist
Stopping container istio-proxy
Job has reached the specified backoff limit
Saw completed job: backup-28472910, status: Complete
endpoint slice web-x7k2p updated: 3 ready, 0 not ready
Ensured load balancer a⟦hex:31⟧-⟦digits:10⟧.eu-west-1.elb.amazonaws.com
failed calling webhook "validate.kyverno.svc": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/validate/fail?timeout=10s": context deadline exceeded
Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "⟦hex:64⟧": plugin type="calico" failed (add)
serviceaccount "builder" not found
RoleBinding references role "token-reviewer" that does not exist
keyspace orders is under-replicated: 2 of 3
"""

VALUES = """
image: quay.io/prometheus/node-exporter:v1.7.0
imageID: docker-pullable://nginx@sha256:⟦hex:64⟧
containerID: containerd://⟦hex:64⟧
uid: ⟦uuid⟧
resourceVersion: "48829113"
pod-template-hash: 6d4cf56db6
controller-revision-hash=web-5f7d8c9b6d
checksum/config: ⟦hex:64⟧
checksum/secret: ⟦hex:64⟧
git commit ⟦hex:40⟧
revision ⟦hex:7⟧ deployed
etag: "⟦hex:32⟧"
traceparent: 00-⟦hex:32⟧-⟦hex:16⟧-01
trace_id=⟦hex:32⟧ span_id=⟦hex:16⟧
x-request-id: ⟦uuid⟧
x-amz-request-id: ⟦upper:16⟧
X-B3-TraceId: ⟦hex:16⟧
correlationId=⟦uuid⟧
"requestId":"⟦uuid⟧"
serial number: 4f:2a:9c:11:08:7e
thumbprint ⟦hexupper:40⟧
fingerprint SHA256:⟦alnum:43⟧
host key fingerprint is SHA256:⟦alnum:43⟧.
sha256sum ⟦hex:64⟧  app.tar.gz
md5: ⟦hex:32⟧
digest: sha256:⟦hex:64⟧ size: 1787
"integrity": "sha512-⟦b64:64⟧"
arn:aws:iam::123456789012:role/eks-node-role
/subscriptions/⟦uuid⟧/resourceGroups/rg-shop/providers/Microsoft.Compute/disks/d1
projects/shop-prod-1234/zones/europe-west1-b/instances/gke-pool-1-⟦hex:8⟧-x2k4
ip-10-0-12-34.eu-west-1.compute.internal
aks-nodepool1-12345678-vmss000003
pvc-⟦uuid⟧
/var/lib/kubelet/pods/⟦uuid⟧/volumes/kubernetes.io~projected/kube-api-access-7xk2p
/var/run/secrets/kubernetes.io/serviceaccount/token
/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1288/fs
/app/static/main.⟦hex:8⟧.chunk.js
fe80::42:acff:fe11:2/64 via eth0
02:42:ac:11:00:02
2024-03-02T08:11:20.481120123Z
PT1H30M
cron 0 3 * * 1-5
apiVersion: apps/v1
cpu: 250m, memory: 512Mi
holderIdentity: ip-10-0-3-4_⟦uuid⟧
leaseDurationSeconds=15
lastHeartbeatTime=2024-03-02T08:11:20Z
schemaVersion 20240302081120
buildkit v0.12.4 (⟦hex:40⟧)
kernel 5.15.0-97-generic #107-Ubuntu SMP
go1.22.1 linux/amd64
OpenJDK 64-Bit Server VM (build 17.0.10+7, mixed mode, sharing)
v2.11.0-beta.2+build.57.⟦hex:7⟧
"""

SETTINGS = """
DATABASE_HOST=orders-db.shop.svc.cluster.local
DATABASE_PORT=5432
DATABASE_USER=orders
LOG_LEVEL=debug
JAVA_OPTS=-Xmx512m -XX:+UseG1GC -XX:MaxGCPauseMillis=200
-XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath=/dumps -Dfile.encoding=UTF-8
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOSTNAME=web-6d4cf56db6-x8k2p
KUBERNETES_SERVICE_HOST=10.96.0.1
KUBERNETES_PORT_443_TCP=tcp://10.96.0.1:443
DB_PASSWORD_FILE=/run/secrets/db_password
--password-file=/etc/app/password
--service-account-key-file=/etc/kubernetes/pki/sa.pub
--tls-private-key-file=/etc/kubernetes/pki/apiserver.key
--token-ttl=24h
TOKEN_EXPIRY_SECONDS=3600
PASSWORD_MIN_LENGTH=12
password_encryption = scram-sha-256
PasswordAuthentication no
passwordPolicy: strict
max_tokens=4096 temperature=0.2
tokens_per_second 45.2
prompt_tokens: 812, completion_tokens: 96
secretKeyRef: {name: db-credentials, key: password}
valueFrom:\\n  secretKeyRef:\\n    name: db\\n    key: password
imagePullSecrets: [{name: regcred}]
secretName: web-tls
automountServiceAccountToken: false
existingSecret: redis-auth
authenticationDatabase=admin
auth_method=kubernetes
auth.enabled=true
AUTH_PROVIDER=keycloak
KEY_PREFIX=orders
CACHE_KEY_VERSION=3
PRIMARY_KEY=id
SSH_AUTH_SOCK=/tmp/agent.sock
password: <redacted>
password=********
api_key: ""
token: null
Authorization: [REDACTED]
DB_PASSWORD: <set to the key 'password' in secret 'db'>  Optional: false
OAUTH_ISSUER=https://sso.example.org/realms/shop
JWT_ALGORITHM=RS256
JWT_AUDIENCE=shop-api
ENCRYPTION_ENABLED=true
AWS_REGION=eu-west-1
AWS_ROLE_ARN=arn:aws:iam::123456789012:role/web
AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token
GOOGLE_APPLICATION_CREDENTIALS=/var/secrets/google/key.json
spring.jpa.hibernate.ddl-auto=validate
server.port=8443
bootstrap.servers=kafka-0:9092,kafka-1:9092
ssl.truststore.location=/certs/truststore.jks
ssl.keystore.type=PKCS12
connection string has no host
terminationGracePeriodSeconds: 30
nodeSelector: {kubernetes.io/arch: amd64}
tolerations: [{key: dedicated, operator: Equal, value: gpu, effect: NoSchedule}]
matchExpressions: [{key: app, operator: In, values: [web, api]}]
HTTP_PROXY=http://proxy.internal:3128
REDIS_URL=redis://redis-master.shop.svc:6379/0
amqp://rabbitmq.shop.svc:5672/orders
jdbc:postgresql://orders-db:5432/orders?sslmode=require
postgres://orders-db.shop.svc:5432/orders
mysql -h orders-db -P 3306 -u orders
curl -sSf -o /dev/null -w %{http_code} http://web:8080/healthz
tar -xzf app.tar.gz -C /srv
ssh -p 2222 deploy@bastion.example.org
"""

LOGS = """
FATAL: password authentication failed for user "orders"
Access denied for user 'orders'@'10.244.1.17' (using password: YES)
ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: NO)
fe_sendauth: no password supplied
NOAUTH Authentication required.
WRONGPASS invalid username-password pair or user is disabled.
Login failed for user 'sa'. Reason: Password did not match that for the login provided.
ORA-01017: invalid username/password; logon denied
ERROR: duplicate key value violates unique constraint "orders_pkey" DETAIL: Key (id)=(48213) already exists.
ERROR: insert or update on table "items" violates foreign key constraint "items_order_id_fkey"
Duplicate entry '42' for key 'orders.PRIMARY'
Deadlock found when trying to get lock; try restarting transaction
ERROR: relation "user_tokens" does not exist at character 15
SELECT id, token_hash FROM sessions WHERE expires_at < now() LIMIT 100
ALTER TABLE users ADD COLUMN password_changed_at timestamptz
ERROR: syntax error at or near "password" at character 22
canceling statement due to statement timeout
LOG: checkpoint complete: wrote 1523 buffers (9.3%); 0 WAL file(s) added, 0 removed, 1 recycled
OOM command not allowed when used memory > 'maxmemory'.
MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.
(error) MOVED 3999 10.0.0.5:6381
org.postgresql.util.PSQLException: FATAL: remaining connection slots are reserved for non-replication superuser connections
java.lang.OutOfMemoryError: Java heap space
	at org.springframework.security.authentication.dao.DaoAuthenticationProvider.additionalAuthenticationChecks(DaoAuthenticationProvider.java:79)
	at com.example.shop.TokenService$$EnhancerBySpringCGLIB$$⟦hex:8⟧.refresh(<generated>)
Caused by: java.net.UnknownHostException: orders-db: Name or service not known
Exception in thread "http-nio-8080-exec-3" java.lang.NullPointerException: Cannot invoke "com.example.Order.getKey()" because "order" is null
Traceback (most recent call last):
  File "/app/auth/password_reset.py", line 41, in validate_token
KeyError: 'password'
ValueError: invalid literal for int() with base 10: 'abc'
django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.
botocore.exceptions.NoCredentialsError: Unable to locate credentials
TypeError: Cannot read properties of undefined (reading 'token')
SyntaxError: Unexpected token '<', "<!DOCTYPE "... is not valid JSON
Error: Cannot find module '/app/node_modules/jsonwebtoken/index.js'
JsonWebTokenError: jwt malformed
TokenExpiredError: jwt expired at 2024-03-02T08:11:20.000Z
panic: runtime error: invalid memory address or nil pointer dereference
goroutine 47 [running]: main.(*Server).handle(0xc0001a2000, {0x7f3a5c, 0xc0003b4a80})
[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x6f2a41]
x509: certificate signed by unknown authority
x509: certificate has expired or is not yet valid: current time 2024-03-02T08:11:20Z is after 2024-02-28T00:00:00Z
tls: failed to verify certificate: x509: certificate is valid for web.shop.svc, not web.example.org
tls: private key does not match public key
nginx: [emerg] cannot load certificate key "/etc/nginx/tls/tls.key": No such file or directory
nginx: [emerg] host not found in upstream "api" in /etc/nginx/conf.d/default.conf:12
connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.3, server: _, request: "GET /login HTTP/1.1", upstream: "http://10.0.0.7:8080/login"
10.1.2.3 - alice [02/Mar/2024:10:00:00 +0000] "GET /api/v1/items?page=2&sort=key HTTP/1.1" 200 5120
"POST /oauth/token HTTP/1.1" 401 58
level=warn msg="token expired" user=alice ttl=3600s
level=info msg="refreshing token" issuer=https://sso.example.org
invalid bearer token, Token has been invalidated
Unable to authenticate the request: [invalid bearer token, square/go-jose: error in cryptographic primitive]
error validating token: issuer did not match
User "system:serviceaccount:shop:web" cannot list resource "secrets" in API group "" in the namespace "shop"
secrets "db" is forbidden: User "alice" cannot get resource "secrets" in API group "" at the cluster scope
W0302 08:11:20.481120 1 reflector.go:539] failed to list *v1.Secret: secrets is forbidden
E0302 08:11:20.481120 1 leaderelection.go:332] error retrieving resource lock kube-system/kube-scheduler: context deadline exceeded
I0302 08:11:20.481120 1 trace.go:236] Trace[⟦digits:9⟧]: "Update" accept:application/json,audit-id:⟦uuid⟧,client:10.0.0.1
etcdserver: mvcc: database space exceeded
raft: ⟦hex:16⟧ became leader at term 7
kafka: Partition key orders-17 assigned to partition 3, offset 1284411
Offset commit failed on partition orders-3 at offset 1284411: The coordinator is not aware of this member.
consumer group orders member consumer-orders-1-⟦uuid⟧ left
cache key user:123:profile missed
session ⟦uuid⟧ closed after 30s
key=orders-42 value=shipped
keys: 1200 expires: 30 avg_ttl: 81233
passed 42 tests in 3.1s
PASS: TestTokenBucketRefill (0.02s)
bypass=true reason=cache
passenger app spawned, pid 314
compass needle calibrated: 12
secretary bird service started on port 7000
tokenizer loaded vocab 50257 from /models/tokenizer.json
author: Ada Lovelace
authority www.example.org:443
basic auth is disabled
bearer of bad news: queue depth 1200
no secret provided; using anonymous access
password reset mail sent to user 4711
Password must be at least 12 characters long
password expired for user orders
passwords do not match
the token is missing
invalid password for user bob
Generating new password hash with cost 12
wrong password or corrupted keystore: keystore password was incorrect
Keystore was tampered with, or password was incorrect
Vault is sealed
Error making API request. URL: PUT http://vault:8200/v1/auth/kubernetes/login Code: 403. Errors: * permission denied
secret engine kv-v2 mounted at secret/
Using existing secret shop/redis-auth key redis-password
http_requests_total{handler="/login",code="200"} 1027
process_resident_memory_bytes 2.4e+08
GC(12) Pause Young (Normal) (G1 Evacuation Pause) 24M->4M(256M) 3.284ms
[12.345s][info][gc,heap] GC(7) Eden regions: 12->0(10)
Killed process 31245 (java) total-vm:4194304kB, anon-rss:2097152kB, file-rss:0kB
npm ERR! code E404 npm ERR! 404 Not Found - GET https://registry.example/left-pad-x
Layer ⟦hex:12⟧ already exists
Step 7/12 : RUN pip install -r requirements.txt ---> Running in ⟦hex:12⟧
exec /app/server: exec format error
/bin/sh: 1: passwd: not found
chown: changing ownership of '/data': Operation not permitted
su: user app does not exist or the user entry does not contain all the required fields
getpwnam("nginx") failed in /etc/nginx/nginx.conf:2
Worker failed to boot: exit code 3
dial tcp: lookup orders-db.shop.svc.cluster.local on 10.96.0.10:53: no such host
read tcp 10.0.0.3:48211->10.0.0.7:5432: i/o timeout
upstream connect error or disconnect/reset before headers. reset reason: connection failure
HTTP/2 stream 13 was not closed cleanly: PROTOCOL_ERROR (err 1)
S3 upload failed: status code: 403, request id: ⟦upper:16⟧, host id: shop
bucket key enabled: true, kms key arn:aws:kms:eu-west-1:123456789012:key/⟦uuid⟧
"""

_PLANTED = {
    "first start": FIRST_START,
    "statements": SQL,
    "connection strings": DSN,
    "arguments": ARGS,
    "environment": ENV,
    "provider tokens": TOKENS,
    "HTTP": HTTP,
    "dumps and files": DUMPS,
    "prose": PROSE,
    "disguised": DISGUISED,
}
_HARMLESS = {"events": EVENTS, "values": VALUES, "settings": SETTINGS, "logs": LOGS}

PLANTED = [
    form(group, text) for group, lines in _PLANTED.items() for text in lines.strip("\n").split("\n")
]
HARMLESS = [
    (group, line(text))
    for group, lines in _HARMLESS.items()
    for text in lines.strip("\n").split("\n")
]
