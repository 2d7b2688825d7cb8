//! The exceptions that happen in the shop, with stack traces as each language writes them.

use super::services::Language;

/// An exception as a span's event reports it.
#[derive(Debug)]
pub(super) struct Exception {
    pub(super) kind: &'static str,
    pub(super) message: &'static str,
    pub(super) stack_trace: &'static str,
    /// What a database said, its SQLSTATE; empty for others.
    pub(super) code: &'static str,
}

/// Returns what a client throws that waited in vain.
pub(super) fn client_timeout(language: Language) -> &'static Exception {
    match language {
        Language::NodeJs => &NODE_TIMEOUT,
        Language::Python => &PYTHON_TIMEOUT,
        Language::Java => &JAVA_TIMEOUT,
        _ => &GO_TIMEOUT,
    }
}

pub(super) const STATEMENT_TIMEOUT: Exception = Exception {
    kind: "org.postgresql.util.PSQLException",
    message: "ERROR: canceling statement due to statement timeout",
    code: "57014",
    stack_trace: "\
org.postgresql.util.PSQLException: ERROR: canceling statement due to statement timeout
\tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2734)
\tat org.postgresql.core.v3.QueryExecutorImpl.processResults(QueryExecutorImpl.java:2421)
\tat org.postgresql.core.v3.QueryExecutorImpl.execute(QueryExecutorImpl.java:372)
\tat org.postgresql.jdbc.PgPreparedStatement.executeQuery(PgPreparedStatement.java:134)
\tat com.zaxxer.hikari.pool.HikariProxyPreparedStatement.executeQuery(HikariProxyPreparedStatement.java)
\tat example.shop.catalog.ProductRepository.findBySku(ProductRepository.java:87)
\tat example.shop.catalog.ProductController.product(ProductController.java:41)
\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:104)
\t... 54 common frames omitted",
};

pub(super) const POOL_EXHAUSTED: Exception = Exception {
    kind: "Npgsql.NpgsqlException",
    message: "The connection pool has been exhausted: 50 connections are in use and none came back within 250 ms",
    code: "",
    stack_trace: "\
Npgsql.NpgsqlException (0x80004005): The connection pool has been exhausted: 50 connections are in use and none came back within 250 ms
   at Npgsql.PoolingDataSource.<Get>g__RentAsync|34_0(NpgsqlConnection conn, NpgsqlTimeout timeout, Boolean async, CancellationToken cancellationToken)
   at Npgsql.NpgsqlConnection.<Open>g__OpenAsync|42_0(Boolean async, CancellationToken cancellationToken)
   at Shop.Pricing.Data.PriceStore.OpenAsync(CancellationToken ct) in /src/Data/PriceStore.cs:line 38
   at Shop.Pricing.Quotes.QuoteService.PriceAsync(Basket basket, CancellationToken ct) in /src/Quotes/QuoteService.cs:line 71",
};

pub(super) const PAYMENT_DECLINED: Exception = Exception {
    kind: "example.shop.payments.PaymentDeclinedException",
    message: "card ending in 4242 was declined: insufficient_funds",
    code: "",
    stack_trace: "\
example.shop.payments.PaymentDeclinedException: card ending in 4242 was declined: insufficient_funds
\tat example.shop.payments.acquirer.NordbankClient.authorise(NordbankClient.java:118)
\tat example.shop.payments.AuthorisationService.authorise(AuthorisationService.java:64)
\tat example.shop.payments.AuthorisationController.post(AuthorisationController.java:39)
\tat java.base/java.lang.VirtualThread.run(VirtualThread.java:456)
Caused by: example.shop.payments.acquirer.AcquirerException: HTTP 402: {\"code\":\"insufficient_funds\"}
\tat example.shop.payments.acquirer.NordbankClient.check(NordbankClient.java:151)
\tat example.shop.payments.acquirer.NordbankClient.authorise(NordbankClient.java:109)
\t... 3 more",
};

pub(super) const BANK_UNAVAILABLE: Exception = Exception {
    kind: "example.shop.payments.acquirer.AcquirerUnavailableException",
    message: "api.nordbank.example answered 503 three times",
    code: "",
    stack_trace: "\
example.shop.payments.acquirer.AcquirerUnavailableException: api.nordbank.example answered 503 three times
\tat example.shop.payments.acquirer.NordbankClient.withRetries(NordbankClient.java:92)
\tat example.shop.payments.acquirer.NordbankClient.authorise(NordbankClient.java:107)
\tat example.shop.payments.AuthorisationService.authorise(AuthorisationService.java:64)
\tat java.base/java.lang.VirtualThread.run(VirtualThread.java:456)
\tSuppressed: java.io.IOException: HTTP 503 Service Unavailable
\t\tat example.shop.payments.acquirer.NordbankClient.check(NordbankClient.java:148)",
};

const JAVA_TIMEOUT: Exception = Exception {
    kind: "java.net.http.HttpTimeoutException",
    message: "request timed out",
    code: "",
    stack_trace: "\
java.net.http.HttpTimeoutException: request timed out
\tat java.net.http/jdk.internal.net.http.HttpClientImpl.send(HttpClientImpl.java:950)
\tat java.net.http/jdk.internal.net.http.HttpClientFacade.send(HttpClientFacade.java:133)
\tat example.shop.payments.acquirer.NordbankClient.exchange(NordbankClient.java:139)",
};

const PYTHON_TIMEOUT: Exception = Exception {
    kind: "httpx.ReadTimeout",
    message: "The read operation timed out",
    code: "",
    stack_trace: "\
Traceback (most recent call last):
  File \"/app/.venv/lib/python3.14/site-packages/httpx/_transports/default.py\", line 101, in map_httpcore_exceptions
    yield
  File \"/app/.venv/lib/python3.14/site-packages/httpx/_transports/default.py\", line 394, in handle_async_request
    resp = await self._pool.handle_async_request(req)
  File \"/app/.venv/lib/python3.14/site-packages/httpcore/_backends/anyio.py\", line 32, in read
    with map_exceptions(exc_map):
httpcore.ReadTimeout

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"/app/shop/clients.py\", line 48, in call
    response = await client.send(request)
httpx.ReadTimeout: The read operation timed out",
};

const NODE_TIMEOUT: Exception = Exception {
    kind: "TimeoutError",
    message: "The operation was aborted due to timeout",
    code: "",
    stack_trace: "\
TimeoutError: The operation was aborted due to timeout
    at node:internal/deps/undici/undici:14976:13
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
    at async ServiceClient.get (/app/dist/clients/service-client.js:61:22)
    at async Promise.all (index 1)
    at async productPage (/app/dist/pages/product.js:34:47)",
};

const GO_TIMEOUT: Exception = Exception {
    kind: "*url.Error",
    message: "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    code: "",
    stack_trace: "\
goroutine 8471 [running]:
shop.example/cart/internal/client.(*Client).Do(0xc000412a80, {0xe1b2f8, 0xc0007d23c0}, 0xc00061e280)
\t/src/internal/client/client.go:77 +0x2b4
shop.example/cart/internal/api.(*Server).handle(0xc0001a8fc0, {0xe1a4d0, 0xc000598460}, 0xc00061e140)
\t/src/internal/api/server.go:132 +0x1c5",
};

pub(super) const ADDRESS_INVALID: Exception = Exception {
    kind: "pydantic_core.ValidationError",
    message: "1 validation error for Address\npostcode\n  String should match pattern '^[0-9]{5}$'",
    code: "",
    stack_trace: "\
Traceback (most recent call last):
  File \"/app/shop/checkout/api.py\", line 71, in checkout
    address = Address.model_validate(body[\"address\"])
  File \"/app/.venv/lib/python3.14/site-packages/pydantic/main.py\", line 705, in model_validate
    return cls.__pydantic_validator__.validate_python(obj, strict=strict)
           ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^^
pydantic_core._pydantic_core.ValidationError: 1 validation error for Address
postcode
  String should match pattern '^[0-9]{5}$' [type=string_pattern_mismatch, input_value='SW1A 1AA', input_type=str]",
};

pub(super) const DEADLOCK: Exception = Exception {
    kind: "*pgconn.PgError",
    message: "ERROR: deadlock detected (SQLSTATE 40P01)",
    code: "40P01",
    stack_trace: "\
goroutine 2203 [running]:
shop.example/inventory/internal/stock.(*Store).Reserve(0xc00021c0a0, {0xf0d7b8, 0xc000b0e1e0}, {0xc0004b2240, 0x4, 0x4})
\t/src/internal/stock/reserve.go:118 +0x4a1
shop.example/inventory/internal/grpcapi.(*Server).Reserve(0xc0000b4f30, {0xf0d7b8, 0xc000b0e1e0}, 0xc0003a2f00)
\t/src/internal/grpcapi/server.go:64 +0x187",
};

pub(super) const SERIALIZATION_FAILURE: Exception = Exception {
    kind: "Npgsql.PostgresException",
    message: "40001: could not serialize access due to concurrent update",
    code: "40001",
    stack_trace: "\
Npgsql.PostgresException (0x80004005): 40001: could not serialize access due to concurrent update
   at Npgsql.Internal.NpgsqlConnector.ReadMessageLong(Boolean async, DataRowLoadingMode dataRowLoadingMode)
   at Npgsql.NpgsqlDataReader.NextResult(Boolean async, Boolean isConsuming, CancellationToken cancellationToken)
   at Shop.Pricing.Jobs.RefreshPriceList.Execute(IJobExecutionContext context) in /src/Jobs/RefreshPriceList.cs:line 58
   at Quartz.Core.JobRunShell.Run(CancellationToken cancellationToken)",
};

pub(super) const MAILBOX_UNAVAILABLE: Exception = Exception {
    kind: "SMTPError",
    message: "550 5.1.1 <josé.núñez@example.com>: mailbox unavailable",
    code: "",
    stack_trace: "\
SMTPError: 550 5.1.1 <josé.núñez@example.com>: mailbox unavailable
    at SMTPConnection._formatError (/app/node_modules/nodemailer/lib/smtp-connection/index.js:809:19)
    at SMTPConnection._actionRCPT (/app/node_modules/nodemailer/lib/smtp-connection/index.js:1698:28)
    at TLSSocket.emit (node:events:519:28)",
};
