"""Compares what ccxt reads from the paper venue with the scenario's figures.

Called by tests/ccxt/run: compare.py VENUE RISKD FOLDER.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from decimal import Decimal
from pathlib import Path

import ccxt

SECRET = "rd-test-secret-0123456789abcdef"
KEYS = {"main": "rd-test-key-0001", "hedge": "rd-test-key-0002"}
TAKER = Decimal("0.0005")
START = Decimal(10000), Decimal(5000)
MARKET_MAXIMUM = Decimal(2)

# The symbol of the contract with its margin in USDC.
USDC_CONTRACT = {"binance": "BTCUSDC", "bybit": "BTCPERP", "bingx": "BTCUSDC"}
UNIFIED = {
    "BTCUSDT": "BTC/USDT:USDT",
    "ETHUSDT": "ETH/USDT:USDT",
    "DOGEUSDT": "DOGE/USDT:USDT",
    "BTCUSDC": "BTC/USDC:USDC",
    "BTCPERP": "BTC/USDC:USDC",
}
# Where ccxt takes the equity for the total, and not the wallet.
TOTAL_IS_EQUITY = ("binance", "bingx")
PRICES = {"BTCUSDT": "50000", "ETHUSDT": "2000", "DOGEUSDT": "0.25"}
STEPS = {"BTCUSDT": "0.001", "ETHUSDT": "0.01", "DOGEUSDT": "1"}
TICKS = {"BTCUSDT": "0.1", "ETHUSDT": "0.01", "DOGEUSDT": "0.00001"}


class Position:
    """One position of the scenario; a market order opens at most the maximum."""

    def __init__(self, account, instrument, quantity, price):
        self.account, self.instrument = account, instrument
        self.quantity, self.price = Decimal(quantity), Decimal(price)

    def entries(self):
        left = abs(self.quantity)
        while left:
            part = min(left, MARKET_MAXIMUM)
            left -= part
            yield {
                "account": self.account,
                "instrument": self.instrument,
                "quantity": str(part.copy_sign(self.quantity)),
                "price": str(self.price),
            }

    @property
    def asset(self):
        return "USDC" if UNIFIED[self.instrument].endswith("USDC") else "USDT"

    @property
    def fee(self):
        return abs(self.quantity) * self.price * TAKER

    @property
    def side(self):
        return "long" if self.quantity > 0 else "short"

    def unrealized(self, mark):
        return self.quantity * (mark - self.price)


def positions_of(venue):
    usdc = USDC_CONTRACT[venue]
    return [
        Position("main", "BTCUSDT", "5", "49000"),
        Position("main", "ETHUSDT", "-1.25", "2100"),
        Position("main", usdc, "0.05", "51000"),
        Position("hedge", "BTCUSDT", "0.5", "49500"),
        Position("hedge", "BTCUSDT", "-0.2", "50500"),
    ]


def orders_of():
    """Account and ticket of what rests at the start."""

    def ticket(instrument, side, quantity, kind, price, **more):
        name = "limit_price" if kind == "limit" else "stop_price"
        order = {"instrument": instrument, "side": side, "quantity": quantity}
        return {**order, "order_type": kind, name: price, **more}

    return [
        ("main", ticket("BTCUSDT", "buy", "0.1", "limit", "40000")),
        ("main", ticket("BTCUSDT", "sell", "1", "limit", "60000", reduce_only=True)),
        ("main", ticket("BTCUSDT", "sell", "5", "stop_market", "45000", reduce_only=True)),
        # No position, and an order that would open one.
        ("main", ticket("DOGEUSDT", "buy", "100", "stop_market", "0.3")),
        ("hedge", ticket("BTCUSDT", "sell", "0.5", "limit", "60000", position_side="long")),
        ("hedge", ticket("BTCUSDT", "buy", "0.2", "stop_market", "52000", position_side="short")),
    ]


def spelled(venue, symbol):
    """A contract as the venue lists it."""
    return f"{symbol[:-4]}-{symbol[-4:]}" if venue == "bingx" else symbol


def scenario(venue):
    def instrument(symbol, like, asset):
        return {
            "symbol": spelled(venue, symbol),
            "price": PRICES[like],
            "tick_size": TICKS[like],
            "point_value": "1",
            "rules": {
                "step": STEPS[like],
                "minimum": STEPS[like],
                "maximum": "10000",
                # A round coin goes in thousands.
                "market_maximum": str(MARKET_MAXIMUM if like == "BTCUSDT" else 1000),
                "price_step": TICKS[like],
            },
            "terms": {"asset": asset, "taker_rate": str(TAKER), "maintenance_rate": "0.005"},
        }

    def account(name, mode):
        wallets = [["USDC", str(START[1])]]
        return {"name": name, "balance": str(START[0]), "asset": "USDT", "wallets": wallets, "mode": mode}

    instruments = [instrument(symbol, symbol, "USDT") for symbol in PRICES]
    instruments.append(instrument(USDC_CONTRACT[venue], "BTCUSDT", "USDC"))
    keys = [{"account": name, "key": key, "secret": SECRET} for name, key in KEYS.items()]
    entries = [entry for position in positions_of(venue) for entry in position.entries()]
    orders = [{"account": name, "ticket": ticket} for name, ticket in orders_of()]
    for row in entries + [order["ticket"] for order in orders]:
        row["instrument"] = spelled(venue, row["instrument"])
    accounts = [account("main", "one_way"), account("hedge", "hedge")]
    return {
        "kind": venue,
        # At BingX two or three requests a second are the most.
        "rate_limit": venue != "bingx",
        "keys": keys,
        "accounts": accounts,
        "instruments": instruments,
        "positions": entries,
        "orders": orders,
    }


class Table:
    """What was compared; the first difference ends the run."""

    def __init__(self, venue):
        self.venue, self.rows = venue, []

    def check(self, account, what, expected, seen, riskd=None):
        expected, seen = plain(expected), plain(seen)
        row = (account, what, expected, seen, "-" if riskd is None else plain(riskd))
        self.rows.append(row)
        if expected != seen or (riskd is not None and plain(riskd) != expected):
            self.print()
            sys.exit(f"{self.venue}: {account}, {what}: {expected} in the scenario, ccxt has {seen}")

    def print(self):
        head = ("account", "what", "scenario", "ccxt", "riskd")
        lines = [head, *self.rows]
        widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
        print(f"\n{self.venue}, ccxt {ccxt.__version__}, {len(self.rows)} figures")
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths))
            print("  " + "  ".join(cells).rstrip())


def plain(value):
    """A number without needless zeros, and anything else as a text."""
    if isinstance(value, (list, tuple)):
        return " ".join(plain(one) for one in value) or "none"
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return str(value)
    return f"{number.normalize():f}" if number else "0"


def client(venue, base, account, secret=SECRET):
    kinds = {"binance": ccxt.binanceusdm, "bybit": ccxt.bybit, "bingx": ccxt.bingx}
    exchange = kinds[venue]({"apiKey": KEYS[account], "secret": secret, "enableRateLimit": False})
    # Figures as they were sent, not as floats.
    exchange.number = str
    exchange.has["fetchCurrencies"] = False
    hosts = json.dumps(exchange.urls["api"])
    hosts = re.sub(r"https://[^/\"]+", base, hosts)
    exchange.urls["api"] = json.loads(hosts)
    exchange.options["warnOnFetchOpenOrdersWithoutSymbol"] = False
    exchange.options["defaultType"] = "swap"
    if venue == "binance":
        exchange.options["fetchMarkets"] = {"types": ["linear"]}
        # Of the tiers of maintenance margin no guard asks.
        exchange.options["leverageBrackets"] = {}
        # Which codes are meant it knows by the host.
        exchange.get_exceptions_by_url = lambda _, kind: exchange.exceptions["linear"].get(kind, {})
    elif venue == "bingx":
        # Then it asks for no contracts but swaps.
        exchange.options["sandboxMode"] = True
    else:
        exchange.options["fetchMarkets"] = {"types": ["linear", "inverse"]}
    return exchange


# The rule reads orders, so that they are looked for.
RULES = """version: 1
daemon: {{ http: "{http}", database: {folder}/riskd.db, mode: observe }}
sessions:
  utc: {{ timezone: UTC, open: "00:00", days: [mon, tue, wed, thu, fri, sat, sun] }}
venues:
{venues}
accounts:
{accounts}
notify: {{ log: {{ kind: log }} }}
rules:
  - name: orders
    accounts: ["*"]
    when: {{ orders: {{ working: 1000 }} }}
    then: [{{ notify: log }}]
"""
PATIENCE = 30


class Riskd:
    """What riskd itself says of the accounts, by `status --json`."""

    def __init__(self, venue, base, riskd, folder, **more):
        """`more` are further parts of a key, by their names in the rule file."""
        self.riskd, self.folder = riskd, Path(folder) / f"riskd-{venue}"
        self.folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.http = f"127.0.0.1:{free.getsockname()[1]}"
        rights = f", rights_url: {base}" if venue == "binance" else ""
        kind = venue.split("-")[0]
        venues = []
        for name, key in KEYS.items():
            parts = {"key": key, "secret": SECRET, **more}
            for part, text in parts.items():
                path = self.folder / f"{name}-{part}"
                path.write_text(text)
                path.chmod(0o600)
            places = ", ".join(f"{part}: {{ file: {self.folder}/{name}-{part} }}" for part in parts)
            venues.append(f"  {name}: {{ kind: {kind}, base_url: {base}{rights}, {places} }}")
        accounts = [f"  {name}: {{ venue: {name}, session: utc, starting_balance: 15000 }}" for name in KEYS]
        rules = RULES.format(
            http=self.http, folder=self.folder, venues="\n".join(venues), accounts="\n".join(accounts)
        )
        path = self.folder / "rules.yaml"
        path.write_text(rules)
        log = open(self.folder / "log", "w")
        command = [riskd, "run", "--rules", str(path)]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "RISKD_LOG": "info"})

    def accounts(self):
        """By name, once everything of each is known."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            command = [self.riskd, "status", "--http", self.http, "--json"]
            said = subprocess.run(command, capture_output=True, text=True)
            accounts = json.loads(said.stdout)["accounts"] if said.returncode == 0 else []
            is_known = lambda one: one["data"] == "good" and one.get("working_orders") is not None
            if accounts and all(is_known(one) for one in accounts):
                return {one["account"]: one for one in accounts}
            time.sleep(0.2)
        sys.exit("riskd did not say all: " + (self.folder / "log").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Comparison:
    maintenance = Decimal("0.005")

    def __init__(self, venue, base, riskd):
        self.venue, self.base, self.table = venue, base, Table(venue)
        self.riskd = riskd
        self.clients = {name: self.client(name) for name in KEYS}
        self.positions = positions_of(venue)

    def client(self, account, secret=SECRET):
        return client(self.venue, self.base, account, secret)

    def mark(self, instrument):
        return Decimal(PRICES.get(instrument, PRICES["BTCUSDT"]))

    def held(self, account):
        return [position for position in self.positions if position.account == account]

    # What is read.

    def instruments(self):
        exchange = self.clients["main"]
        markets = exchange.load_markets()
        for symbol, step in STEPS.items():
            market = markets[UNIFIED[symbol]]
            check = lambda what, expected, seen: self.table.check("-", f"{symbol} {what}", expected, seen)
            check("step", step, market["precision"]["amount"])
            check("tick", TICKS[symbol], market["precision"]["price"])
            check("smallest order", step, market["limits"]["amount"]["min"])
            check("asset", "USDT", market["settle"])
            check("is linear", True, market["linear"])
        usdc = markets[UNIFIED[USDC_CONTRACT[self.venue]]]
        self.table.check("-", f"{usdc['id']} asset", "USDC", usdc["settle"])

    def balance(self, account):
        exchange = self.clients[account]
        balance = exchange.fetch_balance()
        for asset, start in zip(("USDT", "USDC"), START):
            held = [position for position in self.held(account) if position.asset == asset]
            wallet = start - sum(position.fee for position in held)
            equity = wallet + sum(one.unrealized(self.mark(one.instrument)) for one in held)
            total = equity if self.venue in TOTAL_IS_EQUITY else wallet
            if self.venue == "bingx":
                # It adds up what is free and used; a tenth of every value is used here.
                used = sum(abs(one.quantity) * self.mark(one.instrument) / 10 for one in held)
                total = max(equity, used)
            self.table.check(account, f"total {asset}", total, balance.get(asset, {}).get("total"))
            self.table.check(account, f"equity {asset}", equity, self.equity(balance, asset))
        if self.venue == "binance":
            held = [position for position in self.held(account) if position.asset == "USDT"]
            wallet = START[0] - sum(position.fee for position in held)
            self.table.check(account, "totalWalletBalance", wallet, balance["info"]["totalWalletBalance"])
        elif self.venue == "bingx":
            for row in balance["info"]["data"]:
                wallet = self.wallet(account, row["asset"])
                self.table.check(account, f"balance {row['asset']}", wallet, row["balance"])
        else:
            everything = sum(START) - sum(position.fee for position in self.held(account))
            everything += sum(one.unrealized(self.mark(one.instrument)) for one in self.held(account))
            row = balance["info"]["result"]["list"][0]
            self.table.check(account, "totalEquity", everything, row["totalEquity"])

    def wallet(self, account, asset):
        start = dict(zip(("USDT", "USDC"), START))[asset]
        return start - sum(position.fee for position in self.held(account) if position.asset == asset)

    def equity(self, balance, asset):
        """As it was sent."""
        if self.venue == "binance":
            rows = {row["asset"]: row["marginBalance"] for row in balance["info"]["assets"]}
        elif self.venue == "bingx":
            rows = {row["asset"]: row["equity"] for row in balance["info"]["data"]}
        else:
            rows = {row["coin"]: row["equity"] for row in balance["info"]["result"]["list"][0]["coin"]}
        return rows[asset]

    def fetch_positions(self, account):
        exchange = self.clients[account]
        if self.venue in ("binance", "bingx"):
            rows = exchange.fetch_positions()
        else:
            coins = ("USDT", "USDC")
            rows = [row for coin in coins for row in exchange.fetch_positions(None, {"settleCoin": coin})]
        return [row for row in rows if Decimal(row["contracts"] or 0)]

    def compare_positions(self, account):
        rows = {(row["symbol"], row["side"]): row for row in self.fetch_positions(account)}
        held = self.held(account)
        self.table.check(account, "positions", len(held), len(rows))
        for position in held:
            mark = self.mark(position.instrument)
            row = rows.get((UNIFIED[position.instrument], position.side))
            notional = abs(position.quantity) * mark
            name = f"{position.instrument} {position.side}"
            check = lambda what, expected, seen: self.table.check(account, f"{name} {what}", expected, seen)
            check("listed", True, row is not None)
            check("size", abs(position.quantity), row["contracts"])
            check("entry", position.price, row["entryPrice"])
            check("mark", mark, row["markPrice"])
            check("unrealized", position.unrealized(mark), row["unrealizedPnl"])
            check("notional", notional, abs(Decimal(row["notional"])))
            if self.venue == "bingx":
                check("is hedged", account == "hedge", not row["info"]["onlyOnePosition"])
                check("id is exact", True, int(row["id"]) > 2**53)
                continue
            check("maintenance", notional * self.maintenance, row["maintenanceMargin"])
            check("is hedged", account == "hedge", row["hedged"])

    def fetch_orders(self, account):
        """Regular and conditional ones."""
        exchange = self.clients[account]
        if self.venue == "binance":
            return exchange.fetch_open_orders(), exchange.fetch_open_orders(None, None, None, {"trigger": True})
        if self.venue == "bingx":
            rows = exchange.fetch_open_orders()
            for row in rows:
                # Of what closes a position it has the trigger under another name.
                row["triggerPrice"] = row["triggerPrice"] or row["stopLossPrice"]
            return [row for row in rows if not row["triggerPrice"]], [row for row in rows if row["triggerPrice"]]
        rows = exchange.fetch_open_orders(None, None, None, {"settleCoin": "USDT"})
        return [row for row in rows if not row["triggerPrice"]], [row for row in rows if row["triggerPrice"]]

    def compare_orders(self, account):
        wanted = [ticket for name, ticket in orders_of() if name == account]
        books = self.fetch_orders(account)
        for name, kind, price, rows in (
            ("regular", "limit", "price", books[0]),
            ("conditional", "stop_market", "triggerPrice", books[1]),
        ):
            tickets = [ticket for ticket in wanted if ticket["order_type"] == kind]
            self.table.check(account, f"{name} orders", len(tickets), len(rows))
            key = lambda side, symbol, amount: (symbol, side, plain(amount))
            by_key = {key(row["side"], row["symbol"], row["amount"]): row for row in rows}
            for ticket in tickets:
                symbol = UNIFIED[ticket["instrument"]]
                row = by_key.get(key(ticket["side"], symbol, ticket["quantity"]))
                at = ticket.get("limit_price") or ticket["stop_price"]
                what = f"{ticket['instrument']} {ticket['side']} {ticket['quantity']}"
                self.table.check(account, f"{what}, listed", True, row is not None)
                self.table.check(account, f"{what}, {price}", at, row[price])
                self.table.check(account, f"{what}, status", "open", row["status"])
                self.table.check(account, f"{what}, filled", 0, row["filled"] or 0)
                self.table.check(account, f"{what}, reduce-only", ticket.get("reduce_only", False), row["reduceOnly"])

    def compare_key(self, account):
        exchange = self.clients[account]
        if self.venue == "binance":
            rights = exchange.sapi_get_account_apirestrictions()
            seen = [rights["enableFutures"], rights["enableWithdrawals"]]
            mode = exchange.fetch_position_mode()["hedged"]
            self.table.check(account, "hedge mode", account == "hedge", mode)
        elif self.venue == "bingx":
            rights = exchange.account_v1_private_get_account_apipermissions()["data"]
            seen = [rights["enableFutures"], rights["enableWithdrawals"]]
            mode = exchange.fetch_position_mode()["hedged"]
            self.table.check(account, "hedge mode", account == "hedge", mode)
        else:
            result = exchange.private_get_v5_user_query_api()["result"]
            seen = ["Order" in result["permissions"]["ContractTrade"], bool(result["permissions"]["Wallet"])]
        self.table.check(account, "may trade, may withdraw", [True, False], seen)
        apart = abs(int(exchange.fetch_time()) - exchange.milliseconds())
        self.table.check(account, "clock within a second", True, apart < 1000)

    def compare_riskd(self):
        """The same figures by riskd, which adds up the margin assets."""
        for account, seen in self.riskd.accounts().items():
            held = self.held(account)
            open_result = sum(one.unrealized(self.mark(one.instrument)) for one in held)
            wallet = sum(START) - sum(one.fee for one in held)
            equity = sum(map(Decimal, self.equities(account)))
            self.table.check(account, "equity of both assets", wallet + open_result, equity, seen["equity"])
            opened = sum(Decimal(row["unrealizedPnl"]) for row in self.fetch_positions(account))
            self.table.check(account, "open result", open_result, opened, seen["unrealized"])
            self.table.check(account, "wallets", wallet, equity - opened, seen["balance"])
            name = lambda symbol: spelled(self.venue, symbol)
            keys = lambda symbol, side: f"{name(symbol)}/{side}" if account == "hedge" else name(symbol)
            text = lambda symbol, side, size, price: f"{keys(symbol, side)}:{size:+f}@{plain(price)}"
            expected = [text(one.instrument, one.side, one.quantity.normalize(), one.price) for one in held]
            rows = self.fetch_positions(account)
            sign = {"long": 1, "short": -1}
            names = {unified: symbol for symbol, unified in UNIFIED.items() if symbol in self.listed()}
            by_ccxt = [
                text(
                    names[row["symbol"]],
                    row["side"],
                    (Decimal(row["contracts"]) * sign[row["side"]]).normalize(),
                    row["entryPrice"],
                )
                for row in rows
            ]
            self.table.check(account, "each position", sorted(expected), sorted(by_ccxt), sorted(seen["positions"]))
            wanted = [ticket for name, ticket in orders_of() if name == account]
            books = [row for book in self.fetch_orders(account) for row in book]
            self.table.check(account, "working orders", len(wanted), len(books), seen["working_orders"])

    def equities(self, account):
        balance = self.clients[account].fetch_balance()
        return [self.equity(balance, asset) for asset in ("USDT", "USDC")]

    def listed(self):
        return [*PRICES, USDC_CONTRACT[self.venue]]

    # What is refused.

    def refusals(self):
        wrong = self.client("main", "another-secret")
        self.refused("a wrong secret", ccxt.AuthenticationError, wrong.fetch_balance)
        late = self.client("main")
        late.nonce = lambda: late.milliseconds() - 20_000
        # The number of BingX for it ccxt takes for a symbol that is not traded.
        off = ccxt.BadSymbol if self.venue == "bingx" else ccxt.InvalidNonce
        self.refused("a clock that is off", off, late.fetch_balance)
        exchange = self.clients["main"]
        large = lambda: exchange.create_order(UNIFIED["BTCUSDT"], "market", "sell", 5, None, {"reduceOnly": True})
        self.refused("too large a market order", ccxt.BaseError, large)
        nothing = lambda: exchange.create_order(
            UNIFIED["DOGEUSDT"], "market", "sell", 100, None, {"reduceOnly": True}
        )
        kind = ccxt.ExchangeError if self.venue == "bingx" else ccxt.InvalidOrder
        self.refused("a close of nothing", kind, nothing)

    def refused(self, what, kind, call):
        try:
            call()
            seen = "accepted"
        except ccxt.BaseError as error:
            seen = kind.__name__ if isinstance(error, kind) else repr(error)
        self.table.check("main", what, kind.__name__, seen)

    # What is done.

    def cancel(self, account):
        exchange = self.clients[account]
        regular, conditional = self.fetch_orders(account)
        symbols = sorted({row["symbol"] for row in regular + conditional})
        if self.venue == "binance":
            one = conditional[0]
            exchange.cancel_order(one["id"], one["symbol"], {"trigger": True})
            exchange.cancel_order(regular[0]["id"], regular[0]["symbol"])
            left = [len(book) for book in self.fetch_orders(account)]
            expected = [len(regular) - 1, len(conditional) - 1]
            self.table.check(account, "orders left after one cancel in each book", expected, left)
            for symbol in symbols:
                exchange.cancel_all_orders(symbol)
            left = [len(book) for book in self.fetch_orders(account)]
            self.table.check(account, "the regular book cancelled alone", [0, expected[1]], left)
        if self.venue == "bingx":
            self.cancel_at_once(account, regular, conditional)
            symbols = []
        for symbol in symbols:
            params = {"trigger": True} if self.venue == "binance" else {}
            exchange.cancel_all_orders(symbol, params)
        left = [len(book) for book in self.fetch_orders(account)]
        self.table.check(account, "orders left", [0, 0], left)

    def cancel_at_once(self, account, regular, conditional):
        """Of each kind one by its id, then a TWAP order by its own call, and the rest by one."""
        exchange = self.clients[account]
        for rows in (regular, conditional):
            said = exchange.cancel_order(rows[0]["id"], rows[0]["symbol"])
            self.table.check(account, f"cancelled {rows[0]['id']}", rows[0]["id"], said["id"])
        twap = {"triggerPrice": "1000", "priceType": "constant", "priceVariance": "10", "interval": 10}
        twap["amountPerOrder"] = "0.1"
        exchange.create_order(UNIFIED["BTCUSDT"], "twap", "buy", 0.3, None, twap)
        twaps = lambda: exchange.fetch_open_orders(None, None, None, {"twap": True})
        cancelled = exchange.cancel_all_orders()
        expected = len(regular) + len(conditional) - 2
        self.table.check(account, "orders cancelled at once", expected, len(cancelled))
        [row] = twaps()
        seen = [row["symbol"], row["side"], row["amount"], row["filled"], row["status"]]
        self.table.check(account, "TWAP order left", [UNIFIED["BTCUSDT"], "buy", "0.300", "0.000", "open"], seen)
        exchange.cancel_order(row["id"], None, {"twap": True})
        self.table.check(account, "TWAP orders left", 0, len(twaps()))

    def close(self, account):
        exchange = self.clients[account]
        closes = 0
        if self.venue == "bingx" and account == "hedge":
            closed = exchange.close_all_positions()
            self.table.check(account, "closes of all", len(self.held(account)), len(closed))
            self.table.check(account, "positions left", 0, len(self.fetch_positions(account)))
            return
        for row in self.fetch_positions(account):
            side = "sell" if row["side"] == "long" else "buy"
            left = Decimal(row["contracts"])
            most = MARKET_MAXIMUM if row["symbol"].startswith("BTC") else Decimal(1000)
            while left:
                part = min(left, most)
                left -= part
                closes += 1
                exchange.create_order(row["symbol"], "market", side, float(part), None, self.closing(account, row))
        self.table.check(account, "positions left", 0, len(self.fetch_positions(account)))
        expected = sum(len(list(one.entries())) for one in self.held(account))
        self.table.check(account, "closing orders", expected, closes)

    def closing(self, account, row):
        if account == "main":
            return {"reduceOnly": True}
        if self.venue == "binance":
            return {"positionSide": row["side"].upper()}
        return {"reduceOnly": True, "positionIdx": row["info"]["positionIdx"]}

    def flat_figures(self, account):
        """After the close the result is in the wallets, less both fees."""
        balance = self.clients[account].fetch_balance()
        for asset, start in zip(("USDT", "USDC"), START):
            held = [position for position in self.held(account) if position.asset == asset]
            fees = sum(one.fee + abs(one.quantity) * self.mark(one.instrument) * TAKER for one in held)
            results = sum(one.unrealized(self.mark(one.instrument)) for one in held)
            expected = start - fees + results
            self.table.check(account, f"equity {asset}, flat", expected, balance.get(asset, {}).get("total"))
            self.table.check(account, f"results {asset}", results, self.logged(account, asset, "results"))
            self.table.check(account, f"fees {asset}", fees, self.logged(account, asset, "fees"))

    def logged(self, account, asset, what):
        """Sums of the venue's own log of money, as ccxt sends for it."""
        exchange = self.clients[account]
        if self.venue in ("binance", "bingx"):
            is_binance = self.venue == "binance"
            ask = exchange.fapiprivate_get_income if is_binance else exchange.swap_v2_private_get_user_income
            said = ask({"limit": 1000})
            rows = said if is_binance else said["data"]
            fee = "COMMISSION" if is_binance else "TRADING_FEE"
            kind, sign = ("REALIZED_PNL", 1) if what == "results" else (fee, -1)
            amounts = [Decimal(row["income"]) for row in rows if row["asset"] == asset and row["incomeType"] == kind]
            return sign * sum(amounts)
        response = exchange.private_get_v5_account_transaction_log({"accountType": "UNIFIED", "limit": 50})
        rows = [row for row in response["result"]["list"] if row["currency"] == asset]
        return sum(Decimal(row["cashFlow" if what == "results" else "fee"]) for row in rows)

    def counters(self):
        with urllib.request.urlopen(f"{self.base}/paper/counters") as answer:
            counters = json.load(answer)
        if "opening_orders" in counters:
            self.table.check("-", "orders that could open a position", 0, counters["opening_orders"])
        self.table.check("-", "requests to paths that are not there", 0, counters["unknown_paths"])

    def run(self):
        self.instruments()
        for account in KEYS:
            self.compare_key(account)
            self.balance(account)
            self.compare_positions(account)
            self.compare_orders(account)
        self.compare_riskd()
        self.refusals()
        for account in KEYS:
            self.cancel(account)
            self.close(account)
            self.flat_figures(account)
        self.counters()
        self.table.print()


def serve(riskd, path, run):
    """Runs a paper venue of a scenario for as long as `run` takes, and gives it its address."""
    command = [riskd, "paper", "--listen", "127.0.0.1:0", "--scenario", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        base, said = None, []
        for line in process.stdout:
            said.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                base = found.group()
                break
        if base is None:
            sys.exit("the paper venue did not start:\n" + "".join(said))
        run(base)
    finally:
        process.terminate()
        process.wait()


def main():
    venue, riskd, folder = sys.argv[1:]
    path = Path(folder) / f"{venue}.json"
    path.write_text(json.dumps(scenario(venue)))

    def run(base):
        own = Riskd(venue, base, riskd, folder)
        try:
            Comparison(venue, base, own).run()
        finally:
            own.stop()

    serve(riskd, path, run)


if __name__ == "__main__":
    main()
