//! Field by field what CrossTrade's pages list.

use riskd_paper::{PaperConfig, Side, Ticket};
use serde_json::{Value, json};

use super::{Paper, number, two_accounts};

const ACCOUNT: &str = "id name displayName primaryUser provider denomination status \
    dailyLossLimit minCashValue maxOrderSize maxPositionSize connection connectionStatus \
    lastTransactionSum item";
const ITEM: &str = "buyingPower cashValue commission dailyLossLimit dailyProfitTrigger \
    excessInitialMargin excessIntradayMargin excessMaintenanceMargin excessPositionMargin fee \
    grossRealizedProfitLoss initialMargin intradayMargin longOptionValue longStockValue \
    lookAheadMaintenanceMargin maintenanceMargin netLiquidation netLiquidationByCurrency \
    positionMargin realizedProfitLoss shortOptionValue shortStockValue sodCashValue \
    sodLiquidatingValue totalCashBalance trailingMaxDrawdown unrealizedProfitLoss \
    weeklyLossLimit weeklyProfitLoss weeklyProfitTrigger";
const POSITION: &str = "type account instrument instrumentType marketPosition quantity \
    averagePrice marketPrice unrealizedProfitLoss tag";
const ORDER: &str = "orderId id name account instrument instrumentType orderType orderAction \
    orderState quantity filled averageFillPrice limitPrice stopPrice limitPriceChanged \
    stopPriceChanged quantityChanged timeInForce gtd ocoId time epoch fromEntrySignal userData \
    automatedTradingOrderId ownerStrategy isLimit isMarket isStopMarket isStopLimit \
    isMarketIfTouched isLong isShort isSimulatedStop isLiveUntilCancelled isBacktestOrder \
    isTrackingConfigured isTrackingEnabled hasOverfill";
const QUOTE: &str = "instrument description type exchange expiration tradingHours tickSize \
    pointValue tickValue bid ask last open high low close volume quoteTime quoteTimeUtc epoch \
    dataSource isMarketOpen";

fn assert_keys(value: &Value, expected: &str) {
    let keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected: Vec<&str> = expected.split_whitespace().collect();
    expected.sort_unstable();
    assert_eq!(keys, expected, "{value}");
}

fn short_with_a_stop() -> PaperConfig {
    let stop = Ticket::stop("ES 03-26", Side::Buy, 1, number("5010"));
    two_accounts()
        .position("Sim101", "ES 03-26", -1)
        .order("Sim101", stop)
}

#[tokio::test]
async fn accounts() {
    let paper = Paper::start(short_with_a_stop()).await;
    let list = paper.read("/accounts").await;
    assert_keys(&list, "accounts success");
    assert_eq!(list["accounts"].as_array().unwrap().len(), 2);
    assert_keys(&list["accounts"][0], ACCOUNT);
    assert_keys(&list["accounts"][0]["item"], ITEM);
    let one = paper.read("/accounts/Sim101").await;
    assert_keys(&one, &format!("{ACCOUNT} success"));
    assert_eq!(one["success"], json!(true));
    assert!(one["item"].as_object().unwrap().values().all(Value::is_f64));
}

#[tokio::test]
async fn snapshot() {
    let paper = Paper::start(short_with_a_stop()).await;
    paper.time.advance_ms(1);
    let snapshot = paper.read("/accounts/snapshot").await;
    assert_keys(&snapshot, "type timestamp epoch accounts");
    assert_eq!(
        snapshot["timestamp"],
        json!("2026-03-05T09:00:00.0010000-06:00")
    );
    assert_eq!(snapshot["epoch"], json!(1_772_722_800_001_i64));
    let row = &snapshot["accounts"][0];
    assert_keys(row, "account positions");
    assert_keys(
        &row["account"],
        "type id name isAccountFlat connectionStatus item",
    );
    assert_keys(&row["account"]["item"], ITEM);
    assert_eq!(row["account"]["isAccountFlat"], json!(false));
    assert_keys(&row["positions"][0], POSITION);
    assert_eq!(
        snapshot["accounts"][1]["account"]["isAccountFlat"],
        json!(true)
    );
}

#[tokio::test]
async fn positions() {
    let paper = Paper::start(short_with_a_stop()).await;
    paper.venue.set_price("ES", number("5001.25")).unwrap();
    let list = paper.read("/accounts/Sim101/positions").await;
    assert_keys(&list, "positions success");
    let row = json!({
        "type": "NinjaTrader.Cbi.Position", "account": "Sim101", "instrument": "ES 03-26",
        "instrumentType": "Future", "marketPosition": "Short", "quantity": 1,
        "averagePrice": 5000.0, "marketPrice": 5001.25, "unrealizedProfitLoss": -62.5,
        "tag": null,
    });
    assert_eq!(list["positions"], json!([row]));
    let one = paper
        .read("/accounts/Sim101/position?instrument=ES%2003-26")
        .await;
    assert_keys(&one, &format!("{POSITION} success"));
    let (status, body) = paper.get("/accounts/Sim101/position?instrument=NQ").await;
    assert_eq!((status.as_u16(), body["success"].is_null()), (400, true));
    let all = paper.read("/positions").await;
    assert_keys(&all, "positions count success");
    assert_eq!(all["count"], json!(1));
    let with_flat = paper.read("/positions?includeFlat=true").await;
    assert_eq!(with_flat["count"], json!(12));
    assert_eq!(with_flat["positions"][1]["marketPosition"], json!("Flat"));
}

#[tokio::test]
async fn orders() {
    let paper = Paper::start(short_with_a_stop()).await;
    let active = paper.read("/accounts/Sim101/orders?activeOnly=true").await;
    assert_keys(&active, "orders success");
    let [row] = active["orders"].as_array().unwrap().as_slice() else {
        panic!("{active}");
    };
    assert_keys(row, ORDER);
    assert_keys(&row["ownerStrategy"], "id name displayName");
    assert_eq!(row["orderType"], json!("StopMarket"));
    assert_eq!(row["orderAction"], json!("BuyToCover"));
    assert_eq!(row["orderState"], json!("Accepted"));
    assert_eq!(row["isStopMarket"], json!(true));
    assert_eq!(row["isLong"], json!(true));
    assert_eq!(row["orderId"].as_str().unwrap().len(), 32);
    let all = paper.read("/accounts/Sim101/orders?activeOnly=false").await;
    assert_eq!(all["orders"].as_array().unwrap().len(), 2);
    let path = format!(
        "/accounts/Sim101/orders/{}",
        row["orderId"].as_str().unwrap()
    );
    assert_keys(&paper.read(&path).await, &format!("{ORDER} success"));
    let status = paper.read(&format!("{path}/status")).await;
    assert_eq!(status, json!({"status": "Accepted", "success": true}));
}

#[tokio::test]
async fn quotes_and_watermarks() {
    let paper = Paper::start(short_with_a_stop()).await;
    let quote = paper.read("/market/quote?instrument=ESH26").await;
    assert_keys(&quote, QUOTE);
    assert_eq!(quote["tickValue"], json!(12.5));
    assert_eq!(quote["epoch"], json!(1_772_722_800));
    let two = paper.read("/market/quote?instrument=ES,NQ").await;
    assert_eq!(two.as_array().unwrap().len(), 2);
    paper.venue.set_price("ES", number("4990")).unwrap();
    paper.venue.set_price("ES", number("4995")).unwrap();
    let marks = paper.read("/accounts/Sim101/watermarks").await;
    assert_keys(&marks, "success data");
    assert_keys(&marks["data"], "account watermarks stats");
    let high = json!({"pnlhigh": 500.0, "netliqhigh": 50_500.0, "unrealhigh": 500.0});
    assert_eq!(marks["data"]["watermarks"], high);
    assert_keys(
        &marks["data"]["stats"],
        "pnl total unrealized poscount netliq pnlhigh netliqhigh unrealhigh",
    );
    let idle = paper.read("/accounts/Eval%2050K!/watermarks").await;
    assert_eq!(idle["data"]["watermarks"], json!({}));
}

#[tokio::test]
async fn noise_is_on_by_default() {
    let config = PaperConfig::default().account("Sim101", number("100565.35"));
    let paper = Paper::start(config).await;
    let body = paper.read("/accounts/Sim101").await;
    let cash = body["item"]["cashValue"].as_f64().unwrap();
    assert_ne!(cash, 100_565.35);
    assert!((cash - 100_565.35).abs() < 1e-8, "{cash}");
}

#[tokio::test]
async fn errors() {
    let paper = Paper::start(two_accounts()).await;
    let url = format!("{}/accounts", paper.serving.base_url());
    for request in [
        paper.client.get(&url),
        paper.client.get(&url).bearer_auth("wrong"),
        paper.client.get(&url).bearer_auth(""),
        paper
            .client
            .get(&url)
            .basic_auth("paper-token", None::<&str>),
    ] {
        let (status, body) = super::answer(request).await;
        assert_eq!((status.as_u16(), &body["success"]), (401, &json!(false)));
    }
    let (status, body) = paper.get("/accounts/Sim101/position/flatten").await;
    assert_eq!(status, 404);
    assert!(body["did_you_mean"].is_string(), "{body}");
    let (status, body) = paper.get("/accounts/Nobody").await;
    assert_eq!(
        (status.as_u16(), &body["error"]),
        (400, &json!("invalid_account"))
    );
    let (status, body) = paper
        .post("/accounts/Sim101/orders/f00/cancel", json!({}))
        .await;
    let text = "Order linked to 'f00' not found or already terminal.";
    assert_eq!((status.as_u16(), body), (400, json!({"error": text})));
    let site = format!("http://{}/api/v1/accounts", paper.serving.address);
    let redirect = paper.client.get(site).send().await.unwrap();
    assert_eq!(redirect.status(), 302);
    let page = paper
        .client
        .get(format!("http://{}/", paper.serving.address));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<html>"), "{page}");
}

#[tokio::test]
async fn an_absent_addon_is_408_but_for_the_watermarks() {
    let paper = Paper::start(two_accounts()).await;
    paper.venue.set_addon(false);
    for path in [
        "/accounts",
        "/accounts/snapshot",
        "/accounts/Sim101/positions",
    ] {
        let (status, body) = paper.get(path).await;
        assert_eq!(
            (status.as_u16(), &body["success"]),
            (408, &json!(false)),
            "{path}"
        );
    }
    assert_eq!(paper.flatten("Sim101").await.0, 408);
    paper.read("/accounts/Sim101/watermarks").await;
    paper.venue.set_addon(true);
    paper.read("/accounts").await;
}
