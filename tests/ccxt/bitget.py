"""Compares what ccxt reads from the paper venue's Bitget with the scenario's figures, with
what the control API says of the venue, and with what riskd says.

Called by tests/ccxt/run: bitget.py bitget|bitget-unified RISKD FOLDER. ccxt finds out by
itself which kind of account it is.
"""

import json
import re
import sys
import urllib.request
from decimal import Decimal
from pathlib import Path

import ccxt

import compare
from compare import KEYS, SECRET, START, TAKER, UNIFIED, plain

PASSPHRASE = "rd-pass"
# The kinds of conditional orders in the scenario, as v2 lists and cancels them.
LISTS = ("normal_plan", "track_plan", "profit_loss")

for name in ("bitget", "bitget-unified"):
    compare.USDC_CONTRACT[name] = "BTCPERP"


def scenario(venue):
    made = compare.scenario(venue)
    made["kind"] = "bitget"
    # riskd and ccxt ask with the same keys, of which the venue lets one alone within its
    # limits.
    made["rate_limit"] = False
    for account in made["accounts"]:
        account["unified"] = venue == "bitget-unified"
    for key in made["keys"]:
        key["passphrase"] = PASSPHRASE
    return made


class Bitget(compare.Comparison):
    # ccxt adds the fee of closing.
    maintenance = compare.Comparison.maintenance + TAKER

    @property
    def is_unified(self):
        return self.venue == "bitget-unified"

    def client(self, account, secret=SECRET):
        secrets = {"apiKey": KEYS[account], "secret": secret, "password": PASSPHRASE}
        exchange = ccxt.bitget({**secrets, "enableRateLimit": True})
        exchange.number = str
        exchange.has["fetchCurrencies"] = False
        hosts = re.sub(r"https://[^/\"]+", self.base, json.dumps(exchange.urls["api"]))
        exchange.urls["api"] = json.loads(hosts)
        exchange.options["defaultType"] = "swap"
        exchange.options["fetchMarkets"] = {"types": ["swap"]}
        exchange.options["warnOnFetchOpenOrdersWithoutSymbol"] = False
        return exchange

    def control(self, path):
        with urllib.request.urlopen(f"{self.base}/paper/{path}") as answer:
            return json.load(answer)

    def at_the_venue(self, account):
        accounts = self.control("state")["accounts"]
        return next(one for one in accounts if one["account"] == account)

    # What is read.

    def totals(self, account):
        exchange = self.clients[account]
        if self.is_unified:
            balance = exchange.fetch_balance()
            return {asset: balance[asset]["total"] for asset in ("USDT", "USDC")}
        products = {asset: {"productType": f"{asset}-FUTURES"} for asset in ("USDT", "USDC")}
        return {asset: exchange.fetch_balance(more)[asset]["total"] for asset, more in products.items()}

    def balance(self, account):
        totals = self.totals(account)
        for asset, start in zip(("USDT", "USDC"), START):
            held = [position for position in self.held(account) if position.asset == asset]
            wallet = start - sum(position.fee for position in held)
            equity = wallet + sum(one.unrealized(self.mark(one.instrument)) for one in held)
            self.table.check(account, f"equity {asset}", equity, totals[asset])
        said = Decimal(self.at_the_venue(account)["net_liquidation"])
        self.table.check(account, "both by the control API", said, sum(map(Decimal, totals.values())))

    def fetch_positions(self, account):
        exchange = self.clients[account]
        products = [{"productType": f"{asset}-FUTURES"} for asset in ("USDT", "USDC")]
        return [row for more in products for row in exchange.fetch_positions(None, more)]

    def fetch_orders(self, account):
        fetch = lambda **more: self.clients[account].fetch_open_orders(
            None, None, None, {"productType": "USDT-FUTURES", **more}
        )
        if self.is_unified:
            return fetch(), fetch(trigger=True)
        return fetch(), [row for kind in LISTS for row in fetch(planType=kind)]

    def compare_orders(self, account):
        """Rows are told apart by symbol and size: v3 says no side of some, and v2 that of the position."""
        regular, conditional = self.fetch_orders(account)
        wanted = [ticket for name, ticket in compare.orders_of() if name == account]
        self.table.check(account, "orders", len(wanted), len(regular) + len(conditional))
        said = self.at_the_venue(account)["working_orders"]
        self.table.check(account, "orders by the control API", said, len(regular) + len(conditional))
        for ticket in wanted:
            is_limit = ticket["order_type"] == "limit"
            rows = regular if is_limit else conditional
            key = UNIFIED[ticket["instrument"]], plain(ticket["quantity"])
            row = next((row for row in rows if (row["symbol"], plain(row["amount"])) == key), None)
            name = f"{ticket['instrument']} {ticket['side']} {ticket['quantity']}"
            check = lambda what, expected, seen: self.table.check(account, f"{name}, {what}", expected, seen)
            check("listed", True, row is not None)
            if is_limit:
                check("price", ticket["limit_price"], row["price"])
                check("side", ticket["side"], row["side"])
                only_reduces = ticket.get("reduce_only", False) or account == "hedge"
                check("reduce-only", only_reduces, row["reduceOnly"])
            else:
                check("trigger", ticket["stop_price"], self.trigger(row))
            # Of strategy orders v3 says `pending`, which ccxt passes on, or nothing.
            check("is open", True, row["status"] in ("open", "pending", None))
            check("filled", 0, row["filled"] or 0)

    def compare_key(self, account):
        exchange = self.clients[account]
        exchange.load_markets()
        if self.is_unified:
            rights = exchange.private_uta_get_v3_account_info()["data"]["permissions"]
            seen = ["uta_trade" in rights, "withdraw" in rights]
            mode = exchange.private_uta_get_v3_account_settings()["data"]["holdMode"]
        else:
            rights = exchange.private_spot_get_v2_spot_account_info()["data"]["authorities"]
            seen = ["coow" in rights, "wwow" in rights]
            more = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT"}
            mode = exchange.private_mix_get_v2_mix_account_account(more)["data"]["posMode"]
        self.table.check(account, "may trade, may withdraw", [True, False], seen)
        self.table.check(account, "mode", "hedge_mode" if account == "hedge" else "one_way_mode", mode)
        self.table.check(account, "found to be unified", self.is_unified, exchange.options["uta"])
        apart = abs(int(exchange.fetch_time()) - exchange.milliseconds())
        self.table.check(account, "clock within a second", True, apart < 1000)

    def equities(self, account):
        return self.totals(account).values()

    # What is refused.

    def refusals(self):
        self.refused("a wrong secret", ccxt.AuthenticationError, self.client("main", "another-secret").fetch_balance)
        late = self.client("main")
        late.nonce = lambda: late.milliseconds() - 40_000
        self.refused("a clock that is off", ccxt.InvalidNonce, late.fetch_balance)
        exchange = self.clients["main"]
        order = lambda symbol, amount: exchange.create_order(
            UNIFIED[symbol], "market", "sell", amount, None, {"reduceOnly": True}
        )
        self.refused("too large a market order", ccxt.ExchangeError, lambda: order("BTCUSDT", 5))
        self.refused("a close of nothing", ccxt.ExchangeError, lambda: order("DOGEUSDT", 100))
        # Each family turns the other's accounts away.
        other = (
            exchange.private_mix_get_v2_mix_account_accounts
            if self.is_unified
            else exchange.private_uta_get_v3_account_assets
        )
        kind = ccxt.PermissionDenied if self.is_unified else ccxt.ExchangeError
        self.refused("the other family", kind, lambda: other({"productType": "USDT-FUTURES"}))

    # What is done.

    def place_conditional(self, account):
        """Of each kind that ccxt places; the trigger says which."""
        kinds = [("pos_loss", "45500", {"stopLossPrice": 45500}), ("pos_profit", "61500", {"takeProfitPrice": 61500})]
        if not self.is_unified:
            trailing = {"trailingPercent": 1, "trailingTriggerPrice": 55500}
            kinds += [("normal_plan", "46500", {"triggerPrice": 46500}), ("track_plan", "55500", trailing)]
        for kind, trigger, more in kinds:
            order = self.clients[account].create_order(
                UNIFIED["BTCUSDT"], "market", "sell", 0.1, None, {"reduceOnly": True, **more}
            )
            row = next(row for row in self.fetch_orders(account)[1] if row["id"] == order["id"])
            self.table.check(account, f"{kind}, trigger", trigger, self.trigger(row))
            if not self.is_unified:
                self.table.check(account, f"{kind}, plan type", kind, row["info"]["planType"])

    def trigger(self, row):
        return row["triggerPrice"] or row["stopLossPrice"] or row["takeProfitPrice"]

    def cancel(self, account):
        exchange = self.clients[account]
        if account == "main":
            self.place_conditional(account)
        regular, conditional = self.fetch_orders(account)
        exchange.cancel_order(regular[0]["id"], regular[0]["symbol"])
        left = [len(book) for book in self.fetch_orders(account)]
        self.table.check(account, "orders left after one cancel", [len(regular) - 1, len(conditional)], left)
        for symbol in {row["symbol"] for row in regular[1:]}:
            exchange.cancel_all_orders(symbol)
        left = [len(book) for book in self.fetch_orders(account)]
        self.table.check(account, "the regular book cancelled alone", [0, len(conditional)], left)
        for row in conditional:
            kind = {} if self.is_unified else {"planType": row["info"]["planType"]}
            exchange.cancel_order(row["id"], row["symbol"], {"trigger": True, **kind})
        left = [len(book) for book in self.fetch_orders(account)]
        self.table.check(account, "orders left", [0, 0], left)
        self.table.check(account, "by the control API", 0, self.at_the_venue(account)["working_orders"])

    def close(self, account):
        """One-way by orders; in hedge mode the long side by an order, the short one by the call."""
        exchange = self.clients[account]
        for row in self.fetch_positions(account):
            if account == "hedge" and row["side"] == "short":
                exchange.close_position(row["symbol"], "short")
                continue
            side = "sell" if row["side"] == "long" else "buy"
            left = Decimal(row["contracts"])
            most = compare.MARKET_MAXIMUM if row["symbol"].startswith("BTC") else Decimal(1000)
            while left:
                part = min(left, most)
                left -= part
                more = {"reduceOnly": True, "hedged": account == "hedge"}
                exchange.create_order(row["symbol"], "market", side, float(part), None, more)
        self.table.check(account, "positions left", 0, len(self.fetch_positions(account)))
        self.table.check(account, "by the control API", [], self.at_the_venue(account)["positions"])

    def flat_figures(self, account):
        """After the close the result is in the wallets, less both fees."""
        totals = self.totals(account)
        for asset, start in zip(("USDT", "USDC"), START):
            held = [position for position in self.held(account) if position.asset == asset]
            fees = sum(one.fee + abs(one.quantity) * self.mark(one.instrument) * TAKER for one in held)
            results = sum(one.unrealized(self.mark(one.instrument)) for one in held)
            self.table.check(account, f"equity {asset}, flat", start - fees + results, totals[asset])
            rows = self.logged(account, asset)
            self.table.check(account, f"results {asset}", results, sum(Decimal(row["amount"]) for row in rows))
            self.table.check(account, f"fees {asset}", fees, -sum(Decimal(row["fee"]) for row in rows))
        said = Decimal(self.at_the_venue(account)["cash"])
        self.table.check(account, "both by the control API", said, sum(map(Decimal, totals.values())))

    def logged(self, account, asset):
        exchange, product = self.clients[account], f"{asset}-FUTURES"
        if self.is_unified:
            more = {"category": product, "limit": 100}
            return exchange.private_uta_get_v3_account_financial_records(more)["data"]["list"]
        more = {"productType": product, "limit": 100}
        return exchange.private_mix_get_v2_mix_account_bill(more)["data"]["bills"]


def main():
    venue, riskd, folder = sys.argv[1:]
    path = Path(folder) / f"{venue}.json"
    path.write_text(json.dumps(scenario(venue)))

    def run(base):
        own = compare.Riskd(venue, base, riskd, folder, passphrase=PASSPHRASE)
        try:
            Bitget(venue, base, own).run()
        finally:
            own.stop()

    compare.serve(riskd, path, run)


if __name__ == "__main__":
    main()
