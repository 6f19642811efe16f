// One amount of a price: all its digits, or a dash with the reason why there is none.
import { exactMoney, UNKNOWN } from "../design/numbers";
import { priceText } from "./amounts";

export function PriceFigure({ usd, unknown }: { usd: string | null; unknown: string }) {
  if (usd === null)
    return (
      <span style={{ color: "var(--md-dim)" }} title={unknown}>
        {UNKNOWN}
      </span>
    );
  return <span title={exactMoney(usd)}>{priceText(usd)}</span>;
}
