// Which models a few typed words find: by name, description, vendor, vendor's model, region. Pure.
import type { Model } from "../api/shapes";

export function matches(model: Model, words: string): boolean {
  const said = [
    model.alias,
    model.description,
    ...model.deployments.flatMap((one) => [one.name, one.vendor, one.vendor_model, one.region]),
  ]
    .join(" ")
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}
