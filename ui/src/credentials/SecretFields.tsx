// Where a vendor's secret is typed, pasted or picked as a file. It is never read back.
import {
  Button,
  FileButton,
  Group,
  PasswordInput,
  SegmentedControl,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { FileKey2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Vendor } from "../api/shapes";
import { accountIn, FORMS, type SecretDraft, type SecretForm } from "./secret";

interface SecretFieldsProps {
  vendor: Vendor;
  secret: SecretDraft;
  /** The last characters of the present one, when there is one. */
  hint: string | null;
  error: string | undefined;
  onChange: (change: Partial<SecretDraft>) => void;
}

export function SecretFields({ vendor, secret, hint, error, onChange }: SecretFieldsProps) {
  const { t } = useTranslation();
  const forms = FORMS[vendor];
  const help = hint === null ? t(`getKey.${vendor}`) : t("credentials.replaceKeyHelp", { hint });
  const shown = { vendor, secret, hint, error, onChange, help };
  return (
    <Stack gap={8}>
      {forms.length > 1 && (
        <SegmentedControl
          size="xs"
          aria-label={t("credentials.form")}
          data={forms.map((form) => ({ value: form, label: t(`secretForms.${form}`) }))}
          value={secret.form}
          onChange={(form) => onChange({ form: form as SecretForm })}
        />
      )}
      {secret.form === "key" && <OneKey {...shown} />}
      {secret.form === "pair" && <KeyPair {...shown} />}
      {secret.form === "file" && <KeyFile {...shown} />}
      {secret.form === "json" && (
        <Textarea
          label={t("secretForms.json")}
          description={help}
          placeholder='{"api_key": "…"}'
          autosize
          minRows={3}
          maxRows={8}
          value={secret.text}
          onChange={(event) => onChange({ text: event.currentTarget.value })}
          error={error}
          spellCheck={false}
        />
      )}
    </Stack>
  );
}

type PartProps = SecretFieldsProps & { help: string };

function OneKey({ secret, hint, error, onChange, help }: PartProps) {
  const { t } = useTranslation();
  return (
    <PasswordInput
      label={t(hint === null ? "credentials.apiKey" : "credentials.replaceKey")}
      description={help}
      value={secret.key}
      onChange={(event) => onChange({ key: event.currentTarget.value })}
      error={error}
      autoComplete="new-password"
    />
  );
}

function KeyPair({ secret, error, onChange, help }: PartProps) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput
        label={t("credentials.accessKeyId")}
        description={help}
        placeholder="AKIA…"
        value={secret.accessKeyId}
        onChange={(event) => onChange({ accessKeyId: event.currentTarget.value })}
        error={error}
        spellCheck={false}
      />
      <Group grow align="flex-start">
        <PasswordInput
          label={t("credentials.secretAccessKey")}
          value={secret.secretAccessKey}
          onChange={(event) => onChange({ secretAccessKey: event.currentTarget.value })}
          autoComplete="new-password"
        />
        <PasswordInput
          label={t("credentials.sessionToken")}
          placeholder={t("common.optional")}
          value={secret.sessionToken}
          onChange={(event) => onChange({ sessionToken: event.currentTarget.value })}
          autoComplete="new-password"
        />
      </Group>
    </>
  );
}

function KeyFile({ secret, error, onChange, help }: PartProps) {
  const { t } = useTranslation();
  const account = accountIn(secret.text);
  const take = (file: File | null) => {
    if (file) void file.text().then((text) => onChange({ text }));
  };
  return (
    <div>
      {account && !error ? (
        // Once it is known whose it is, nothing of the file stays on the screen.
        <Group gap={10} wrap="nowrap">
          <FileKey2 size={18} />
          <div style={{ flex: 1 }}>
            <Text size="sm">{account.email}</Text>
            <Text size="xs" c="dimmed">
              {t("credentials.ofProject", { project: account.project || "–" })}
            </Text>
          </div>
          <Button variant="default" size="compact-sm" onClick={() => onChange({ text: "" })}>
            {t("credentials.otherFile")}
          </Button>
        </Group>
      ) : (
        <>
          <Textarea
            label={t("secretForms.file")}
            description={help}
            placeholder='{"type": "service_account", …}'
            rows={4}
            value={secret.text}
            onChange={(event) => onChange({ text: event.currentTarget.value })}
            error={error}
            spellCheck={false}
          />
          <FileButton accept="application/json,.json" onChange={take}>
            {(props) => (
              <Button
                {...props}
                variant="default"
                size="compact-sm"
                mt={8}
                leftSection={<FileKey2 size={14} />}
              >
                {t("credentials.pickFile")}
              </Button>
            )}
          </FileButton>
        </>
      )}
    </div>
  );
}
