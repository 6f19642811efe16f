// Why a deployment cannot serve a call, in the person's language; an unknown phrase is shown as it was written. Pure.
import type { TFunction } from "i18next";
import type { Feature } from "../api/shapes";
import { FEATURES } from "./deploymentDraft";

export function unfitWords(t: TFunction, written: string): string {
  const lacks = /^has no (.+)$/.exec(written);
  if (lacks) {
    const names = (lacks[1] ?? "").split(", ");
    if (names.every((name) => FEATURES.includes(name as Feature)))
      return t("route.lacks", { what: names.map((name) => t(`features.${name as Feature}`)).join(", ") });
  }
  const vendor = /^(\w+) has no (\w+)$/.exec(written);
  if (vendor) return t("route.vendorLacks", { vendor: vendor[1], operation: vendor[2] });
  return written;
}
