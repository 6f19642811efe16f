// Adding a credential, or changing one: its key is written here and never read back.
import { Modal, PasswordInput, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAddCredential, useChangeCredential } from "../api/credentials";
import type { Credential, Vendor } from "../api/shapes";
import { FormFoot } from "../design/FormFoot";
import { useUnsaved } from "../design/useUnsaved";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";

const FIELDS = ["name", "vendor", "base_url", "api_version", "api_key"];
const VENDORS: Vendor[] = ["openai", "azure"];

/** `credential` null adds a new one. */
export function CredentialForm({
  credential,
  onClose,
}: {
  credential: Credential | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const add = useAddCredential(project.id);
  const change = useChangeCredential(project.id, credential?.id ?? "");
  const [name, setName] = useState(credential?.name ?? "");
  const [vendor, setVendor] = useState<Vendor>(credential?.vendor ?? "openai");
  const [baseUrl, setBaseUrl] = useState(credential?.base_url ?? "");
  const [apiVersion, setApiVersion] = useState(credential?.api_version ?? "");
  const [apiKey, setApiKey] = useState("");
  const save = credential ? change : add;
  const errors = useFieldErrors(save.error, FIELDS);
  const hasChanges =
    name !== (credential?.name ?? "") ||
    baseUrl !== (credential?.base_url ?? "") ||
    apiVersion !== (credential?.api_version ?? "") ||
    apiKey !== "";
  useUnsaved(() => hasChanges && !save.isSuccess);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = {
      name: name.trim(),
      vendor,
      base_url: baseUrl.trim() || null,
      api_version: vendor === "azure" ? apiVersion.trim() || null : null,
    };
    const done = { onSuccess: onClose };
    if (credential) change.mutate(apiKey ? { ...body, api_key: apiKey } : body, done);
    else add.mutate({ ...body, api_key: apiKey || null }, done);
  };

  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={!hasChanges}
      title={credential ? t("credentials.editTitle", { name: credential.name }) : t("credentials.newTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      size={480}
    >
      <form onSubmit={submit} autoComplete="off">
        <Stack gap="sm">
          <Select
            label={t("credentials.vendor")}
            data={VENDORS.map((one) => ({ value: one, label: t(`vendors.${one}`) }))}
            value={vendor}
            onChange={(chosen) => chosen && setVendor(chosen as Vendor)}
            error={errors.of("vendor")}
            allowDeselect={false}
          />
          <TextInput
            label={t("common.name")}
            description={t("credentials.nameHelp")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errors.of("name")}
            data-autofocus
          />
          <PasswordInput
            label={credential ? t("credentials.replaceKey") : t("credentials.apiKey")}
            description={
              credential
                ? t("credentials.replaceKeyHelp", { hint: credential.secret_hint })
                : t("credentials.apiKeyHelp")
            }
            value={apiKey}
            onChange={(event) => setApiKey(event.currentTarget.value)}
            error={errors.of("api_key")}
            autoComplete="new-password"
          />
          <TextInput
            label={t("credentials.baseUrl")}
            description={vendor === "azure" ? t("credentials.azureUrlHelp") : t("credentials.baseUrlHelp")}
            value={baseUrl}
            onChange={(event) => setBaseUrl(event.currentTarget.value)}
            error={errors.of("base_url")}
            inputMode="url"
          />
          {vendor === "azure" && (
            <TextInput
              label={t("credentials.apiVersion")}
              placeholder="2025-04-01-preview"
              value={apiVersion}
              onChange={(event) => setApiVersion(event.currentTarget.value)}
              error={errors.of("api_version")}
            />
          )}
          <FormFoot
            action={t("common.save")}
            busy={save.isPending}
            disabled={!name.trim() || !hasChanges}
            failed={errors.rest}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}
