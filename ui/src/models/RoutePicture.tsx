// The picture of a route: from the caller through the deployments, left to right, to the fallback models.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { VendorMark } from "../calls/VendorMark";
import { formatDuration } from "../design/numbers";
import { StatusDot } from "../design/Tag";
import { CARD, layoutOf, type Place } from "./layout";
import type { Card, Column, Picture } from "./picture";
import classes from "./RoutePicture.module.css";

interface RoutePictureProps {
  picture: Picture;
  /** A failure is looked at, so turns are shown in place of shares. */
  isAfter: boolean;
  label: string;
}

export function RoutePicture({ picture, isAfter, label }: RoutePictureProps) {
  const { t } = useTranslation();
  const layout = useMemo(() => layoutOf(picture), [picture]);
  const first = picture.columns[0]?.id;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.scroll} aria-label={label} tabIndex={0}>
      <div
        className={classes.picture}
        data-after={isAfter || undefined}
        style={{ width: layout.width, height: layout.height }}
      >
        <svg className={classes.lines} width={layout.width} height={layout.height} aria-hidden>
          <defs>
            <marker
              id="route-end"
              viewBox="0 0 8 8"
              refX="6"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              orient="auto"
            >
              <path d="M0,0 L8,4 L0,8 z" className={classes.end} />
            </marker>
          </defs>
          {layout.lines.map((line) => (
            <path
              key={line.id}
              d={line.path}
              data-kind={line.kind}
              strokeWidth={line.width}
              markerEnd={line.kind === "then" ? "url(#route-end)" : undefined}
            />
          ))}
        </svg>
        <div className={classes.caller} style={boxOf(layout.caller)} aria-hidden>
          {t("route.caller")}
        </div>
        <ol className={classes.columns}>
          {picture.columns.map((column, at) => (
            <li key={column.id}>
              <ColumnHead column={column} isFirst={column.id === first} place={layout.heads[at] as Place} />
              <ul className={classes.cards}>
                {column.cards.map((card) => (
                  <CardBox
                    key={card.id}
                    card={card}
                    isAfter={isAfter}
                    place={layout.cards[card.id] as Place}
                  />
                ))}
              </ul>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

function ColumnHead({ column, isFirst, place }: { column: Column; isFirst: boolean; place: Place }) {
  const { t } = useTranslation();
  const words =
    column.fallback !== null
      ? t("route.fallback", { alias: column.fallback })
      : t(isFirst ? "route.first" : "route.next");
  return (
    <div className={classes.head} style={{ left: place.x, top: place.y, width: CARD.width }} title={words}>
      {words}
    </div>
  );
}

function CardBox({ card, place, isAfter }: { card: Card; place: Place; isAfter: boolean }) {
  const { t } = useTranslation();
  const isOut = card.state === "off" || card.state === "unfit";
  const isPassedOver = isAfter && card.turn === null && !card.failed;
  return (
    <li
      className={classes.card}
      data-out={isOut || undefined}
      data-failed={card.failed || undefined}
      data-turn={card.turn ?? undefined}
      data-passed={isPassedOver || undefined}
      style={{ left: place.x, top: place.y, ...CARD }}
    >
      <div className={classes.name}>
        <VendorMark vendor={card.vendor} />
        <strong title={card.deployment}>{card.deployment}</strong>
        <Mark card={card} isAfter={isAfter} />
      </div>
      <div className={classes.what} title={`${card.vendorModel} · ${card.region}`}>
        {[card.region, card.vendorModel].filter(Boolean).join(" · ")}
      </div>
      <div className={classes.state}>
        <CardState card={card} />
        {!isOut && card.ofWeight > 0 && (
          <span className={classes.weight}>
            {card.weight === 0
              ? t("route.standby")
              : t("route.weight", { weight: card.weight, total: card.ofWeight })}
          </span>
        )}
      </div>
    </li>
  );
}

/** What counts most about a card: its share of calls, or its turn after the failure. */
function Mark({ card, isAfter }: { card: Card; isAfter: boolean }) {
  const { t } = useTranslation();
  if (card.failed) return <span className={classes.fails}>{t("route.fails")}</span>;
  if (isAfter)
    return card.turn === null ? null : (
      <span className={classes.turn} title={t("route.turn", { turn: card.turn })}>
        <span className="md-unseen">{t("route.turn", { turn: card.turn })}</span>
        <span aria-hidden>{card.turn}</span>
      </span>
    );
  if (!card.share) return null;
  return (
    <span className={classes.share} title={t("route.shareHelp")}>
      {wholePercent(card.share)}
    </span>
  );
}

function CardState({ card }: { card: Card }) {
  const { t } = useTranslation();
  switch (card.state) {
    case "off":
      return <StatusDot tone="plain">{t("models.off")}</StatusDot>;
    case "unfit":
      return <StatusDot tone="plain">{t("route.unfit")}</StatusDot>;
    case "trial":
      return <StatusDot tone="warn">{t("models.trial")}</StatusDot>;
    case "cooling":
      return (
        <StatusDot tone="warn">
          {t("models.cooling")}
          {card.restsS > 0 && ` · ${formatDuration(card.restsS * 1000)}`}
        </StatusDot>
      );
    case "healthy":
      return <StatusDot tone="ok">{t("models.healthy")}</StatusDot>;
  }
}

function boxOf({ x, y, width, height }: Place & { width: number; height: number }) {
  return { left: x, top: y, width, height };
}

/** Shares are found by drawing, so decimals would be made up. */
function wholePercent(share: number): string {
  const percent = Math.round(share * 100);
  return percent === 0 ? "<1%" : `${percent}%`;
}
