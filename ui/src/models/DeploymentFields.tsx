// The fields of one deployment in the form of a model: first what its vendor needs, the rest folded.
import { ActionIcon, Group, Select, SimpleGrid, Switch, Text, TextInput, Tooltip } from "@mantine/core";
import { Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Credential, Deployment, Vendor } from "../api/shapes";
import { TextLink } from "../design/links";
import { formatShare } from "../design/numbers";
import { usePlace } from "../session/session";
import classes from "./Deployment.module.css";
import { DeploymentMore } from "./DeploymentMore";
import { type DeploymentDraft, NEEDS, toVendor, VENDORS } from "./deploymentDraft";
import { Health } from "./Health";

/** The fields that are plain text. */
export type TextField = Exclude<keyof DeploymentDraft, "key" | "vendor" | "enabled" | "supports">;

interface DeploymentFieldsProps {
  deployment: DeploymentDraft;
  /** The deployment as it is saved, for its health; absent for a new one. */
  shown: Deployment | undefined;
  credentials: Credential[];
  share: number | null;
  firstOrder: number;
  /** Calls are shared by weight, so that the share is known beforehand. */
  isWeighted: boolean;
  errorOf: (name: string) => string | undefined;
  onChange: (change: Partial<DeploymentDraft>) => void;
  onRemove?: () => void;
}

export function DeploymentFields(props: DeploymentFieldsProps) {
  const { deployment, credentials, errorOf, onChange } = props;
  const { t } = useTranslation();
  const needs = NEEDS[deployment.vendor];
  const text = (name: TextField) => ({
    size: "xs" as const,
    value: deployment[name],
    onChange: (event: { currentTarget: { value: string } }) =>
      onChange({ [name]: event.currentTarget.value }),
    error: errorOf(name),
  });
  const fitting = credentials.filter((credential) => credential.vendor === deployment.vendor);
  return (
    <fieldset className={classes.deployment} data-off={!deployment.enabled || undefined}>
      <legend className="md-unseen">{deployment.name || t("models.addDeployment")}</legend>
      <Head {...props} />
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing={12} verticalSpacing={10}>
        <TextInput label={t("models.deploymentName")} {...text("name")} />
        <Select
          size="xs"
          label={t("models.vendor")}
          data={VENDORS.map((vendor) => ({ value: vendor, label: t(`vendors.${vendor}`) }))}
          value={deployment.vendor}
          onChange={(vendor) => vendor && onChange(toVendor(vendor as Vendor))}
          error={errorOf("vendor")}
          allowDeselect={false}
        />
        <TextInput
          label={deployment.vendor === "azure" ? t("models.azureDeployment") : t("models.vendorModel")}
          placeholder={needs.model}
          {...text("vendor_model")}
        />
        <Select
          size="xs"
          label={t("models.credential")}
          data={fitting.map((credential) => credential.name)}
          value={deployment.credential || null}
          onChange={(credential) => onChange({ credential: credential ?? "" })}
          placeholder={t(fitting.length > 0 ? "models.noCredential" : "models.noneFits")}
          error={errorOf("credential")}
          clearable
          searchable
          inputWrapperOrder={["label", "input", "error", "description"]}
          description={fitting.length === 0 && deployment.vendor !== "fake" && <AddCredential />}
        />
        <TextInput
          label={t(needs.region ? "models.region" : "models.regionOptional")}
          placeholder={needs.regionExample}
          {...text("region")}
        />
        {(needs.apiVersion || deployment.api_version) && (
          <TextInput label={t("models.apiVersion")} placeholder="2024-10-21" {...text("api_version")} />
        )}
        {(needs.baseModel || deployment.base_model) && (
          <Tooltip label={t("models.baseModelHelp")} multiline w={280}>
            <TextInput label={t("models.baseModel")} placeholder="gpt-4o" {...text("base_model")} />
          </Tooltip>
        )}
        <TextInput label={t("models.order")} inputMode="numeric" {...text("order")} />
        <TextInput label={t("models.weight")} inputMode="decimal" {...text("weight")} />
      </SimpleGrid>
      <DeploymentMore deployment={deployment} text={text} errorOf={errorOf} onChange={onChange} />
    </fieldset>
  );
}

function Head({
  deployment,
  shown,
  share,
  firstOrder,
  isWeighted,
  onChange,
  onRemove,
}: DeploymentFieldsProps) {
  const { t } = useTranslation();
  const isSpare = Number(deployment.order) > firstOrder;
  const isStandby = Number(deployment.weight) === 0 && deployment.weight.trim() !== "";
  const place = isSpare
    ? t("models.spare", { order: firstOrder })
    : isStandby
      ? t("models.standby")
      : isWeighted && share !== null && t("models.share", { share: formatShare(share, 1) });
  return (
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
            {place}
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
  );
}

/** Leads to the form of a credential in another tab, so that nothing typed here is lost. */
function AddCredential() {
  const { t } = useTranslation();
  const { project } = usePlace();
  return (
    <TextLink
      to="/p/$project/credentials"
      params={{ project: project.id }}
      search={{ add: true }}
      target="_blank"
      size="xs"
    >
      {t("credentials.add")}
    </TextLink>
  );
}
