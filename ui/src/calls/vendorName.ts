// A vendor's name as people know it; one that has no name here is shown as it came.
import type { TFunction } from "i18next";

export function vendorName(t: TFunction, vendor: string): string {
  const names: Record<string, string> = t("vendorNames", { returnObjects: true });
  return names[vendor] ?? vendor;
}
