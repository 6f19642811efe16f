// What most deployments need not be told: another address, sizes, what the model can do, and its own price.
import { Checkbox, Group, SimpleGrid, Switch, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { priceOfQuery } from "../api/deployments";
import type { Feature } from "../api/shapes";
import { Fold } from "../design/Fold";
import { exactNumber } from "../design/numbers";
import { usePlace } from "../session/session";
import type { TextField } from "./DeploymentFields";
import { type DeploymentDraft, FEATURES } from "./deploymentDraft";

const FOLDED = [
  "base_url",
  "context_window",
  "max_output_tokens",
  "supports",
  "input_usd_per_million",
  "cached_input_usd_per_million",
  "output_usd_per_million",
];

interface DeploymentMoreProps {
  deployment: DeploymentDraft;
  text: (name: TextField) => object;
  errorOf: (name: string) => string | undefined;
  onChange: (change: Partial<DeploymentDraft>) => void;
}

export function DeploymentMore({ deployment, text, errorOf, onChange }: DeploymentMoreProps) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const { vendor, vendor_model, base_model, base_url } = deployment;
  const [asked] = useDebouncedValue(
    { vendor, model: vendor_model.trim(), base_model: base_model.trim(), base_url: base_url.trim() },
    400,
  );
  const query = useQuery(priceOfQuery(project.id, asked));
  const listed = asked.model === "" ? null : query.data;
  const unknown = t("models.unknownPrice");
  const price = (amount: string | null | undefined) => amount ?? unknown;
  const hasOwn = deployment.input_usd_per_million !== "" || deployment.output_usd_per_million !== "";
  const found = listed?.source
    ? t("models.priceListed", { source: listed.source })
    : t("models.priceUnknown");
  const source = hasOwn ? t("models.priceOwn") : asked.model && !query.isPending && found;
  return (
    <div style={{ marginTop: 10 }}>
      <Fold
        plain
        title={t("models.moreOfDeployment")}
        chosen={source}
        opens={FOLDED.some((name) => errorOf(name))}
      >
        <SimpleGrid cols={{ base: 2, md: 4 }} spacing={12} verticalSpacing={10}>
          <TextInput
            label={t("models.inputPrice")}
            leftSection="$"
            inputMode="decimal"
            placeholder={price(listed?.input)}
            {...text("input_usd_per_million")}
          />
          <TextInput
            label={t("models.cachedPrice")}
            leftSection="$"
            inputMode="decimal"
            placeholder={price(listed?.cached_input)}
            {...text("cached_input_usd_per_million")}
          />
          <TextInput
            label={t("models.outputPrice")}
            leftSection="$"
            inputMode="decimal"
            placeholder={price(listed?.output)}
            {...text("output_usd_per_million")}
          />
          <TextInput
            label={t("models.baseUrl")}
            placeholder={t("models.credentialsUrl")}
            {...text("base_url")}
          />
        </SimpleGrid>
        <Text size="xs" c="dimmed" mt={4} mb={12}>
          {t("models.prices")}. {t("models.priceHelp")}
        </Text>
        <SimpleGrid cols={{ base: 2, md: 4 }} spacing={12}>
          <TextInput
            label={t("models.contextWindow")}
            inputMode="numeric"
            placeholder={sizeHint(listed?.context_window) ?? unknown}
            {...text("context_window")}
          />
          <TextInput
            label={t("models.maxOutput")}
            inputMode="numeric"
            placeholder={sizeHint(listed?.max_output_tokens) ?? unknown}
            {...text("max_output_tokens")}
          />
        </SimpleGrid>
        <Text size="xs" c="dimmed" mt={4} mb={12}>
          {t("models.sizesHelp")}
        </Text>
        <Switch
          size="xs"
          label={t("models.knowsFeatures")}
          description={t("models.featuresHelp")}
          checked={deployment.supports !== null}
          onChange={(event) => onChange({ supports: event.currentTarget.checked ? ["tools"] : null })}
        />
        {deployment.supports !== null && (
          <Checkbox.Group
            mt={10}
            aria-label={t("models.knowsFeatures")}
            value={deployment.supports}
            onChange={(chosen) => onChange({ supports: chosen as Feature[] })}
            error={errorOf("supports")}
          >
            <Group gap={16}>
              {FEATURES.map((feature) => (
                <Checkbox key={feature} size="xs" value={feature} label={t(`features.${feature}`)} />
              ))}
            </Group>
          </Checkbox.Group>
        )}
      </Fold>
    </div>
  );
}

function sizeHint(tokens: number | null | undefined): string | undefined {
  return tokens == null ? undefined : exactNumber(tokens);
}
