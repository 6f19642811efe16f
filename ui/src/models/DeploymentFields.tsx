// The fields of one deployment in the editor of a model.
import { ActionIcon, Group, Select, SimpleGrid, Switch, Text, TextInput, Tooltip } from "@mantine/core";
import { Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Credential, Deployment, Vendor } from "../api/shapes";
import { formatShare } from "../design/numbers";
import classes from "./Deployment.module.css";
import type { DeploymentDraft } from "./draft";
import { Health } from "./Health";

const VENDORS: Vendor[] = ["openai", "azure", "fake"];

type TextField = Exclude<keyof DeploymentDraft, "key" | "vendor" | "enabled">;

interface DeploymentFieldsProps {
  deployment: DeploymentDraft;
  /** The deployment as it is saved, for its health; absent for a new one. */
  shown: Deployment | undefined;
  credentials: Credential[];
  share: number | null;
  firstOrder: number;
  errorOf: (name: string) => string | undefined;
  onChange: (change: Partial<DeploymentDraft>) => void;
  onRemove?: () => void;
}

export function DeploymentFields(props: DeploymentFieldsProps) {
  const { deployment, shown, credentials, share, firstOrder, errorOf, onChange, onRemove } = props;
  const { t } = useTranslation();
  const text = (name: TextField) => ({
    size: "xs" as const,
    value: deployment[name],
    onChange: (event: { currentTarget: { value: string } }) =>
      onChange({ [name]: event.currentTarget.value }),
    error: errorOf(name),
  });
  const fitting = credentials.filter((credential) => credential.vendor === deployment.vendor);
  const isSpare = Number(deployment.order) > firstOrder;
  return (
    <fieldset className={classes.deployment} data-off={!deployment.enabled || undefined}>
      <legend className="md-unseen">{deployment.name || t("models.addDeployment")}</legend>
      <Group justify="space-between" mb={8} wrap="nowrap">
        <Group gap={14}>
          <Switch
            size="xs"
            label={t("models.enabled")}
            checked={deployment.enabled}
            onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
          />
          {shown && <Health deployment={{ enabled: deployment.enabled, health: shown.health }} />}
          {deployment.enabled && (
            <Text size="xs" c="dimmed">
              {isSpare
                ? t("models.spare", { order: firstOrder })
                : share !== null && t("models.share", { share: formatShare(share, 1) })}
            </Text>
          )}
        </Group>
        {onRemove && (
          <Tooltip label={t("models.removeDeployment", { name: deployment.name })}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("models.removeDeployment", { name: deployment.name })}
              onClick={onRemove}
            >
              <Trash2 size={15} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing={12} verticalSpacing={10}>
        <TextInput label={t("models.deploymentName")} {...text("name")} />
        <Select
          size="xs"
          label={t("models.vendor")}
          data={VENDORS.map((vendor) => ({ value: vendor, label: t(`vendors.${vendor}`) }))}
          value={deployment.vendor}
          onChange={(vendor) => vendor && onChange({ vendor: vendor as Vendor, credential: "" })}
          error={errorOf("vendor")}
          allowDeselect={false}
        />
        <TextInput label={t("models.vendorModel")} {...text("vendor_model")} />
        <Select
          size="xs"
          label={t("models.credential")}
          data={fitting.map((credential) => credential.name)}
          value={deployment.credential || null}
          onChange={(credential) => onChange({ credential: credential ?? "" })}
          placeholder={t("models.noCredential")}
          error={errorOf("credential")}
          clearable
          searchable
        />
        <Group gap={12} grow align="flex-start">
          <TextInput label={t("models.order")} inputMode="numeric" {...text("order")} />
          <TextInput label={t("models.weight")} inputMode="decimal" {...text("weight")} />
        </Group>
        <TextInput label={t("models.region")} {...text("region")} />
        <TextInput
          label={t("models.baseUrl")}
          placeholder={t("credentials.baseUrlHelp")}
          {...text("base_url")}
        />
        <TextInput
          label={t("models.apiVersion")}
          {...text("api_version")}
          disabled={deployment.vendor !== "azure"}
        />
      </SimpleGrid>
      <Text size="xs" c="dimmed" mt={12} mb={4}>
        {t("models.prices")}. {t("models.priceHelp")}
      </Text>
      <SimpleGrid cols={{ base: 3, md: 4 }} spacing={12}>
        <TextInput
          label={t("models.inputPrice")}
          leftSection="$"
          inputMode="decimal"
          placeholder="–"
          {...text("input_usd_per_million")}
        />
        <TextInput
          label={t("models.cachedPrice")}
          leftSection="$"
          inputMode="decimal"
          placeholder="–"
          {...text("cached_input_usd_per_million")}
        />
        <TextInput
          label={t("models.outputPrice")}
          leftSection="$"
          inputMode="decimal"
          placeholder="–"
          {...text("output_usd_per_million")}
        />
      </SimpleGrid>
    </fieldset>
  );
}
