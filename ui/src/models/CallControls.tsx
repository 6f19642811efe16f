// What kind of call the route is explained for.
import { MultiSelect, NumberInput, Switch, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FEATURES } from "./deploymentDraft";
import classes from "./RouteSection.module.css";
import { featuresIn, type RouteView } from "./routeView";

interface CallControlsProps {
  view: RouteView;
  onChange: (change: Partial<RouteView>) => void;
}

export function CallControls({ view, onChange }: CallControlsProps) {
  const { t } = useTranslation();
  const [tokens, setTokens] = useState<number | string>(view.tokens ?? "");
  const [session, setSession] = useState(view.session ?? "");
  const later = useDebouncedCallback(onChange, 300);
  const needs = featuresIn(view.needs);
  return (
    <div className={classes.controls}>
      <MultiSelect
        size="xs"
        label={t("route.needs")}
        placeholder={needs.length === 0 ? t("route.textOnly") : undefined}
        data={FEATURES.map((feature) => ({ value: feature, label: t(`features.${feature}`) }))}
        value={needs}
        onChange={(chosen) => onChange({ needs: chosen.join(",") || undefined })}
        clearable
        miw={220}
        maw={460}
      />
      <NumberInput
        size="xs"
        label={t("route.tokens")}
        placeholder={t("route.tokensAny")}
        min={0}
        step={1000}
        allowDecimal={false}
        thousandSeparator=","
        value={tokens}
        onChange={(value) => {
          setTokens(value);
          later({ tokens: Number(value) || undefined });
        }}
        w={150}
      />
      <TextInput
        size="xs"
        label={t("route.session")}
        placeholder={t("common.none")}
        value={session}
        onChange={(event) => {
          setSession(event.currentTarget.value);
          later({ session: event.currentTarget.value || undefined });
        }}
        w={160}
      />
      <Switch
        size="xs"
        mb={7}
        label={t("route.stream")}
        checked={view.stream ?? false}
        onChange={(event) => onChange({ stream: event.currentTarget.checked || undefined })}
      />
    </div>
  );
}
