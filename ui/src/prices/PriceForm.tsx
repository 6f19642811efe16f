// Agreeing on a price: for which model of which vendor, from which day, and the amounts that differ from the list.
import {
  Collapse,
  Group,
  Modal,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from "@mantine/core";
import { ChevronRight } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePutPrice } from "../api/prices";
import type { ModelPrice, PriceOverride, PriceOverrideInput } from "../api/shapes";
import { vendorName } from "../calls/vendorName";
import { FormFoot } from "../design/FormFoot";
import { useFirstWrong } from "../design/useFirstWrong";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";
import { AMOUNTS, type Amount, amountTyped, USUAL, unitOf } from "./amounts";

type Vendor = PriceOverrideInput["vendor"];

const VENDORS: Vendor[] = ["openai", "azure", "anthropic", "gemini", "vertex", "bedrock", "litellm", "fake"];

export interface Draft {
  vendor: Vendor;
  model: string;
  validFrom: string;
  amounts: Record<Amount, string>;
  /** A price that is there already keeps its place: vendor, model and day. */
  isKept: boolean;
}

/** A new own price, for a model of the list or for one still to be named. */
export function draftOf(price: ModelPrice | null): Draft {
  const vendor = VENDORS.find((one) => one === price?.vendor) ?? "openai";
  return {
    vendor,
    model: price?.model ?? "",
    validFrom: new Date().toISOString().slice(0, 10),
    amounts: amountsOf(() => ""),
    isKept: false,
  };
}

export function draftOfOwn(own: PriceOverride): Draft {
  return {
    vendor: own.vendor as Vendor,
    model: own.model,
    validFrom: own.valid_from,
    amounts: amountsOf((amount) => own[amount] ?? ""),
    isKept: true,
  };
}

export function PriceForm({ draft: start, onClose }: { draft: Draft; onClose: () => void }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const put = usePutPrice(project.id);
  const [draft, setDraft] = useState(start);
  const [isOpen, setOpen] = useState(
    AMOUNTS.some((one) => !USUAL.includes(one) && start.amounts[one] !== ""),
  );
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
      description={t(`prices.per.${unitOf(amount)}`)}
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
              disabled={start.isKept}
              error={errors.of("vendor")}
            />
            <TextInput
              label={t("prices.validFrom")}
              type="date"
              value={draft.validFrom}
              onChange={(event) => change({ validFrom: event.currentTarget.value })}
              disabled={start.isKept}
              error={errors.of("valid_from")}
            />
          </SimpleGrid>
          <TextInput
            label={t("prices.model")}
            description={`${t("prices.modelHelp")} ${t("prices.validFromHelp")}`}
            value={draft.model}
            onChange={(event) => change({ model: event.currentTarget.value })}
            disabled={start.isKept}
            error={errors.of("model")}
            data-autofocus={start.model === "" || undefined}
          />
          <Text c="dimmed" size="sm">
            {t("prices.emptyHelp")}
          </Text>
          <SimpleGrid cols={4} spacing={12}>
            {USUAL.map(field)}
          </SimpleGrid>
          <Group>
            <UnstyledButton
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
              c="var(--md-accent)"
              fz={13}
              style={{ display: "inline-flex", alignItems: "center", gap: 4 }}
            >
              <ChevronRight size={15} style={{ transform: isOpen ? "rotate(90deg)" : undefined }} />
              {t("prices.moreAmounts")}
            </UnstyledButton>
          </Group>
          <Collapse expanded={isOpen}>
            <SimpleGrid cols={4} spacing={12} verticalSpacing={8}>
              {AMOUNTS.filter((one) => !USUAL.includes(one)).map(field)}
            </SimpleGrid>
          </Collapse>
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
