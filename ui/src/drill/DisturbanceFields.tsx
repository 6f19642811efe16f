// One disturbance of a plan, every part of it editable.
import { ActionIcon, Group, NumberInput, Select, SimpleGrid, Tooltip } from "@mantine/core";
import { Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Deployment, Disturbance, DisturbanceKind } from "../api/shapes";
import { vendorName } from "../calls/vendorName";
import classes from "./Plan.module.css";
import { KINDS, TIMED } from "./plan";
import { disturbanceWords } from "./words";

interface DisturbanceFieldsProps {
  disturbance: Disturbance;
  deployments: Deployment[];
  errorOf: (field: string) => string | undefined;
  onChange: (change: Partial<Disturbance>) => void;
  onRemove: () => void;
}

export function DisturbanceFields(props: DisturbanceFieldsProps) {
  const { disturbance, deployments, errorOf, onChange, onRemove } = props;
  const { t } = useTranslation();
  const number = (name: "share" | "seconds" | "from_minute" | "to_minute", scale = 1) => ({
    size: "xs" as const,
    hideControls: true,
    min: 0,
    value: Math.round(disturbance[name] * scale * 1000) / 1000,
    onChange: (value: string | number) => onChange({ [name]: Number(value) / scale }),
    error: errorOf(name),
  });
  const choice = (name: "vendor" | "region" | "deployment", values: string[]) => ({
    size: "xs" as const,
    data: [
      { value: "", label: t("drill.any") },
      ...[...new Set([...values, disturbance[name]])]
        .filter(Boolean)
        .map((value) => ({ value, label: name === "vendor" ? vendorName(t, value) : value })),
    ],
    value: disturbance[name],
    onChange: (value: string | null) => onChange({ [name]: value ?? "" }),
    allowDeselect: false,
    error: errorOf(name),
  });
  return (
    <fieldset className={classes.disturbance}>
      <legend className="md-unseen">{disturbanceWords(t, disturbance)}</legend>
      <Group gap={8} wrap="nowrap" align="flex-end">
        <SimpleGrid cols={4} spacing={8} verticalSpacing={6} style={{ flex: 1 }}>
          <Select
            size="xs"
            label={t("drill.kind")}
            data={KINDS.map((kind) => ({ value: kind, label: t(`drill.kinds.${kind}`) }))}
            value={disturbance.kind}
            onChange={(kind) => kind && onChange({ kind: kind as DisturbanceKind })}
            allowDeselect={false}
            error={errorOf("kind")}
          />
          <Select
            label={t("drill.vendor")}
            {...choice(
              "vendor",
              deployments.map((one) => one.vendor),
            )}
          />
          <Select
            label={t("drill.region")}
            {...choice(
              "region",
              deployments.map((one) => one.region),
            )}
          />
          <Select
            label={t("drill.deployment")}
            {...choice(
              "deployment",
              deployments.map((one) => one.name),
            )}
          />
          <NumberInput label={t("drill.from")} {...number("from_minute")} />
          <NumberInput label={t("drill.to")} {...number("to_minute")} />
          <NumberInput label={t("drill.share")} suffix=" %" max={100} {...number("share", 100)} />
          {TIMED.includes(disturbance.kind) && (
            <NumberInput label={t("drill.seconds")} suffix=" s" {...number("seconds")} />
          )}
        </SimpleGrid>
        <Tooltip label={t("drill.removeDisturbance")}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("drill.removeDisturbance")}
            onClick={onRemove}
          >
            <Trash2 size={15} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </fieldset>
  );
}
