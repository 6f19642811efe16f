// Adding a credential, or changing one: its secret is written here and never read back.
import { Modal, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAddCredential, useChangeCredential } from "../api/credentials";
import type { Credential, Vendor } from "../api/shapes";
import { Fold } from "../design/Fold";
import { FormFoot } from "../design/FormFoot";
import { useUnsaved } from "../design/useUnsaved";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";
import { SecretFields } from "./SecretFields";
import { emptySecret, FORMS, secretOf } from "./secret";

const FIELDS = ["name", "vendor", "base_url", "api_version", "api_key"];
const VENDORS = (Object.keys(FORMS) as Vendor[]).filter((vendor) => vendor !== "fake");
/** Whose address is commonly one's own, so that its field is not folded. */
const OWN_ADDRESS: Vendor[] = ["openai", "azure"];

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
  const [secret, setSecret] = useState(() => emptySecret(credential?.vendor ?? "openai"));
  const save = credential ? change : add;
  const errors = useFieldErrors(save.error, FIELDS);
  const apiKey = secretOf(secret);
  const hasChanges =
    name !== (credential?.name ?? "") ||
    vendor !== (credential?.vendor ?? "openai") ||
    baseUrl !== (credential?.base_url ?? "") ||
    apiVersion !== (credential?.api_version ?? "") ||
    apiKey !== null;
  useUnsaved(() => hasChanges && !save.isSuccess);

  const choose = (chosen: Vendor) => {
    setVendor(chosen);
    setSecret(emptySecret(chosen));
  };
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
    else add.mutate({ ...body, api_key: apiKey }, done);
  };
  const address = (
    <TextInput
      label={t("credentials.baseUrl")}
      description={vendor === "azure" ? t("credentials.azureUrlHelp") : t("credentials.baseUrlHelp")}
      value={baseUrl}
      onChange={(event) => setBaseUrl(event.currentTarget.value)}
      error={errors.of("base_url")}
      inputMode="url"
    />
  );

  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={!hasChanges}
      title={credential ? t("credentials.editTitle", { name: credential.name }) : t("credentials.newTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      size={520}
    >
      <form onSubmit={submit} autoComplete="off">
        <Stack gap="sm">
          <Select
            label={t("credentials.vendor")}
            description={t(`vendorHelp.${vendor}`)}
            data={VENDORS.map((one) => ({ value: one, label: t(`vendors.${one}`) }))}
            value={vendor}
            onChange={(chosen) => chosen && choose(chosen as Vendor)}
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
          <SecretFields
            vendor={vendor}
            secret={secret}
            hint={credential?.has_key && vendor === credential.vendor ? credential.secret_hint : null}
            error={errors.of("api_key")}
            onChange={(changed) => setSecret((now) => ({ ...now, ...changed }))}
          />
          {OWN_ADDRESS.includes(vendor) ? (
            address
          ) : (
            <Fold
              plain
              title={t("credentials.otherAddress")}
              chosen={baseUrl}
              opens={errors.of("base_url") !== undefined}
            >
              {address}
            </Fold>
          )}
          {vendor === "azure" && (
            <TextInput
              label={t("credentials.apiVersion")}
              description={t("credentials.apiVersionHelp")}
              placeholder="2024-10-21"
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
