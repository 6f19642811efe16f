// Which vendor something belongs to, in two letters on a soft ground; the whole name is read out and shown on hover.
import { useTranslation } from "react-i18next";
import type { Vendor } from "../api/shapes";
import classes from "./VendorMark.module.css";

const MARKS: Record<Vendor, string> = {
  openai: "OA",
  azure: "Az",
  anthropic: "An",
  gemini: "Ge",
  vertex: "Vx",
  bedrock: "Be",
  litellm: "LL",
  fake: "Fk",
};

export function VendorMark({ vendor, named }: { vendor: Vendor; named?: boolean }) {
  const { t } = useTranslation();
  const name = t(`vendors.${vendor}`);
  const mark = (
    <span className={classes.mark} aria-hidden title={name}>
      {MARKS[vendor]}
    </span>
  );
  if (named)
    return (
      <span className={classes.named}>
        {mark}
        {name}
      </span>
    );
  return (
    <>
      {mark}
      <span className="md-unseen">{name}</span>
    </>
  );
}
