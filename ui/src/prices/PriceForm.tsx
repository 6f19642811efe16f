// Agreeing on a price: for which model of which vendor, from which day, and the amounts that differ from the list.
import { Modal, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePutPrice } from "../api/prices";
import type { ModelPrice, PriceOverride, PriceOverrideInput } from "../api/shapes";
import { vendorName } from "../calls/vendorName";
import { Fold } from "../design/Fold";
import { FormFoot } from "../design/FormFoot";
import { useFirstWrong } from "../design/useFirstWrong";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";
import { AMOUNTS, type Amount, amountTyped, isPerTokens, USUAL } from "./amounts";

type Vendor = PriceOverrideInput["vendor"];

const VENDORS: Vendor[] = ["openai", "azure", "anthropic", "gemini", "vertex", "bedrock", "litellm", "fake"];

export interface Draft {
  vendor: Vendor;
  model: string;
  validFrom: string;
  amounts: Record<Amount, string>;
  /** What the project pays now, where the list has the model. */
  listed: Partial<Record<Amount, string>>;
  /** A price that is there already keeps its place: vendor, model and day. */
  isKept: boolean;
}

/** A new own price: for a model still to be named, or for one of the list, where it begins as the one that counts now. */
export function draftOf(price: ModelPrice | null, own: readonly PriceOverride[] = []): Draft {
  const vendor = VENDORS.find((one) => one === price?.vendor) ?? "openai";
  const day = new Date().toISOString().slice(0, 10);
  const now = own.find((one) => one.vendor === vendor && one.model === price?.model && one.valid_from <= day);
  return {
    vendor,
    model: price?.model ?? "",
    validFrom: day,
    amounts: amountsOf((amount) => now?.[amount] ?? ""),
    listed: amountsOf((amount) => price?.[amount] ?? undefined),
    isKept: false,
  };
}

export function draftOfOwn(own: PriceOverride): Draft {
  return {
    vendor: own.vendor as Vendor,
    model: own.model,
    validFrom: own.valid_from,
    amounts: amountsOf((amount) => own[amount] ?? ""),
    listed: {},
    isKept: true,
  };
}

export function PriceForm({ draft: start, onClose }: { draft: Draft; onClose: () => void }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const put = usePutPrice(project.id);
  const [draft, setDraft] = useState(start);
  const hasOthers = AMOUNTS.some((one) => !USUAL.includes(one) && start.amounts[one] !== "");
  const errors = useFieldErrors(put.error, ["vendor", "model", "valid_from", ...AMOUNTS]);
  const form = useRef<HTMLFormElement>(null);
  useFirstWrong(form, put.error);
  const change = (more: Partial<Draft>) => setDraft((now) => ({ ...now, ...more }));
  const isWrong = AMOUNTS.some((one) => amountTyped(draft.amounts[one]) === undefined);
  const isEmpty = AMOUNTS.every((one) => draft.amounts[one].trim() === "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const amounts = amountsOf((one) => amountTyped(draft.amounts[one]) ?? null);
    const body = { vendor: draft.vendor, model: draft.model.trim(), valid_from: draft.validFrom, ...amounts };
    put.mutate(body, { onSuccess: onClose });
  };
  const field = (amount: Amount) => (
    <TextInput
      key={amount}
      size="xs"
      label={t(`prices.amounts.${amount}`)}
      description={t(isPerTokens(amount) ? "prices.perMillion" : "prices.usDollars")}
      placeholder={start.listed[amount]}
      leftSection="$"
      inputMode="decimal"
      value={draft.amounts[amount]}
      onChange={(event) => change({ amounts: { ...draft.amounts, [amount]: event.currentTarget.value } })}
      error={
        errors.of(amount) ??
        (amountTyped(draft.amounts[amount]) === undefined ? t("prices.notANumber") : undefined)
      }
    />
  );
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={false}
      title={start.isKept ? t("prices.editTitle", { model: start.model }) : t("prices.newTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      size={620}
    >
      <form onSubmit={submit} ref={form} autoComplete="off">
        <Stack gap="sm">
          <SimpleGrid cols={2} spacing={12}>
            <Select
              label={t("prices.vendor")}
              data={VENDORS.map((one) => ({ value: one, label: vendorName(t, one) }))}
              value={draft.vendor}
              onChange={(vendor) => vendor && change({ vendor: vendor as Vendor })}
              allowDeselect={false}
              readOnly={start.isKept}
              error={errors.of("vendor")}
            />
            <TextInput
              label={t("prices.validFrom")}
              type="date"
              value={draft.validFrom}
              onChange={(event) => change({ validFrom: event.currentTarget.value })}
              readOnly={start.isKept}
              error={errors.of("valid_from")}
            />
          </SimpleGrid>
          <TextInput
            label={t("prices.model")}
            description={`${t("prices.modelHelp")} ${t("prices.validFromHelp")}`}
            value={draft.model}
            onChange={(event) => change({ model: event.currentTarget.value })}
            readOnly={start.isKept}
            error={errors.of("model")}
            data-autofocus={start.model === "" || undefined}
          />
          <Text c="dimmed" size="sm">
            {t("prices.emptyHelp")}
          </Text>
          <SimpleGrid cols={4} spacing={12}>
            {USUAL.map(field)}
          </SimpleGrid>
          <Fold plain title={t("prices.moreAmounts")} opens={hasOthers}>
            <SimpleGrid cols={4} spacing={12} verticalSpacing={8}>
              {AMOUNTS.filter((one) => !USUAL.includes(one)).map(field)}
            </SimpleGrid>
          </Fold>
          <FormFoot
            action={t("common.save")}
            busy={put.isPending}
            disabled={!draft.model.trim() || !draft.validFrom || isWrong || isEmpty}
            failed={errors.rest}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}

function amountsOf<T>(of: (amount: Amount) => T): Record<Amount, T> {
  return Object.fromEntries(AMOUNTS.map((amount) => [amount, of(amount)])) as Record<Amount, T>;
}
