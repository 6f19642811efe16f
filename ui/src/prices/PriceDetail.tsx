// One model of the price list with every amount, also for longer prompts, and where each price comes from.
import { Group, Title } from "@mantine/core";
import { Pencil } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ModelPrice } from "../api/shapes";
import { vendorName } from "../calls/vendorName";
import { DetailPane } from "../design/DetailPane";
import { Count } from "../design/Figures";
import { exactNumber } from "../design/numbers";
import { Tag } from "../design/Tag";
import { AllowedButton } from "../session/Allowed";
import { AMOUNTS, isPerTokens, missingBecause } from "./amounts";
import { isOwn } from "./columns";
import classes from "./PriceDetail.module.css";
import { PriceFigure } from "./PriceFigure";

interface PriceDetailProps {
  price: ModelPrice;
  onClose: () => void;
  onNext?: () => void;
  onPrevious?: () => void;
  onOwn: () => void;
}

export function PriceDetail({ price, onClose, onNext, onPrevious, onOwn }: PriceDetailProps) {
  const { t } = useTranslation();
  return (
    <DetailPane label={price.model} onClose={onClose} onNext={onNext} onPrevious={onPrevious}>
      <div className={classes.detail}>
        <Group gap={8} mb={4}>
          <Title order={2}>{price.model}</Title>
          {isOwn(price.source) && <Tag tone="ok">{t("prices.sourceOwn")}</Tag>}
        </Group>
        <p className={classes.from}>
          {[vendorName(t, price.vendor), price.name, price.source].filter(Boolean).join(" · ")}
        </p>
        <table className={classes.amounts}>
          {price.tiers.length > 0 && (
            <thead>
              <tr>
                <td />
                <th scope="col">{t("prices.shorter")}</th>
                {price.tiers.map((tier) => (
                  <th scope="col" key={tier.above_input_tokens}>
                    {t("prices.tierAbove", { tokens: exactNumber(tier.above_input_tokens) })}
                  </th>
                ))}
              </tr>
            </thead>
          )}
          <tbody>
            {AMOUNTS.map((amount) => (
              <tr key={amount}>
                <th scope="row">
                  {t(`prices.amounts.${amount}`)}{" "}
                  {isPerTokens(amount) && <small>{t("prices.perMillion")}</small>}
                </th>
                {[price, ...price.tiers].map((one, place) => (
                  <td key={place === 0 ? "usual" : price.tiers[place - 1]?.above_input_tokens}>
                    <PriceFigure usd={one[amount]} unknown={t(`prices.${missingBecause(one, amount)}`)} />
                  </td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">{t("prices.context")}</th>
              <td>
                <Count value={price.context_window} unknown={t("prices.unknownContext")} />
              </td>
            </tr>
            <tr>
              <th scope="row">{t("prices.maxOutput")}</th>
              <td>
                <Count value={price.max_output_tokens} unknown={t("prices.unknownContext")} />
              </td>
            </tr>
          </tbody>
        </table>
        <AllowedButton may="edit" variant="default" leftSection={<Pencil size={14} />} onClick={onOwn}>
          {t("prices.change")}
        </AllowedButton>
      </div>
    </DetailPane>
  );
}
