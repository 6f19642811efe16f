// The signed-in person's own account: name and e-mail, language, password.
import { PasswordInput, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { FormFoot } from "../design/FormFoot";
import { Page, Section } from "../design/Page";
import { useUnsaved } from "../design/useUnsaved";
import { useFieldErrors } from "../session/failure";
import { useChangeProfile, useSession } from "../session/session";
import { type Language, speak } from "../words";

export default function ProfilePage() {
  const { t } = useTranslation();
  return (
    <Page title={t("profile.title")} narrow>
      <Section title={t("profile.you")}>
        <You />
      </Section>
      <Section title={t("profile.language")}>
        <LanguageChoice />
      </Section>
      <Section title={t("profile.password")}>
        <Password />
      </Section>
    </Page>
  );
}

function You() {
  const { t } = useTranslation();
  const { user } = useSession();
  const change = useChangeProfile();
  const [name, setName] = useState(user.name);
  const [email, setEmail] = useState(user.email);
  const [current, setCurrent] = useState("");
  const errors = useFieldErrors(change.error, ["name", "email", "current_password"]);
  const hasNewEmail = email.trim() !== user.email;
  const hasChanges = hasNewEmail || name.trim() !== user.name;
  useUnsaved(() => hasChanges && !change.isPending);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({
      name: name.trim(),
      ...(hasNewEmail ? { email: email.trim() } : {}),
      ...(current ? { current_password: current } : {}),
    });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={t("common.name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errors.of("name")}
          autoComplete="name"
        />
        <TextInput
          label={t("signIn.email")}
          type="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={errors.of("email")}
          autoComplete="email"
        />
        {hasNewEmail && user.has_password && (
          <PasswordInput
            label={t("profile.current")}
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            error={errors.of("current_password")}
            autoComplete="current-password"
          />
        )}
        <FormFoot
          action={t("common.save")}
          busy={change.isPending}
          disabled={!hasChanges}
          failed={errors.rest}
          beside={change.isSuccess && !hasChanges && <Done>{t("profile.saved")}</Done>}
        />
      </Stack>
    </form>
  );
}

function LanguageChoice() {
  const { t, i18n } = useTranslation();
  const change = useChangeProfile();
  const choose = (language: string) => {
    speak(language as Language);
    change.mutate({ language: language as Language });
  };
  return (
    <SegmentedControl
      aria-label={t("profile.language")}
      value={i18n.language}
      onChange={choose}
      data={[
        { value: "ko", label: "한국어" },
        { value: "en", label: "English" },
      ]}
    />
  );
}

function Password() {
  const { t } = useTranslation();
  const { user } = useSession();
  const change = useChangeProfile();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const errors = useFieldErrors(change.error, ["password", "current_password"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { password, ...(user.has_password ? { current_password: current } : {}) },
      {
        onSuccess: () => {
          setCurrent("");
          setPassword("");
        },
      },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {user.has_password ? (
          <PasswordInput
            label={t("profile.current")}
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            error={errors.of("current_password")}
            autoComplete="current-password"
          />
        ) : (
          <Text c="dimmed">{t("profile.noPassword")}</Text>
        )}
        {/* Tells password managers whose password this is. */}
        <input type="text" hidden readOnly autoComplete="username" value={user.email} />
        <PasswordInput
          label={t("profile.new")}
          description={t("profile.newHelp")}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={errors.of("password")}
          autoComplete="new-password"
        />
        <FormFoot
          action={t(user.has_password ? "profile.changePassword" : "profile.setPassword")}
          busy={change.isPending}
          disabled={!password || (user.has_password && !current)}
          failed={errors.rest}
          beside={change.isSuccess && !password && <Done>{t("profile.passwordSaved")}</Done>}
        />
      </Stack>
    </form>
  );
}

function Done({ children }: { children: ReactNode }) {
  return (
    <Text role="status" size="sm" c="dimmed">
      {children}
    </Text>
  );
}
