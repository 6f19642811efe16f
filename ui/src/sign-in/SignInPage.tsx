// Signing in: by e-mail and password, or by a one-time link, whose token is used at once.
import { PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { CopyBlock } from "../design/Copy";
import { FormFoot } from "../design/FormFoot";
import { SchemeToggle } from "../design/SchemeToggle";
import { EmptyState } from "../design/states";
import { useWordsOf } from "../session/failure";
import { LanguageToggle } from "../session/LanguageToggle";
import { signIn, signInByLink } from "../session/session";
import classes from "./SignInPage.module.css";

const LINK_COMMAND = "madang sign-in-link";

export default function SignInPage() {
  const { t } = useTranslation();
  const { token } = useSearch({ from: "/sign-in" });
  useEffect(() => {
    document.title = `${t("signIn.title")}`;
  }, [t]);
  return (
    <main id="content" className={classes.page}>
      <div className={classes.switches}>
        <LanguageToggle />
        <SchemeToggle />
      </div>
      <div className={classes.card}>
        <img src="/madang.svg" alt="" width={36} height={36} />
        <Title order={1} mb={16}>
          {t("signIn.title")}
        </Title>
        {token ? <ByLink token={token} /> : <ByPassword />}
      </div>
    </main>
  );
}

function ByPassword() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const queries = useQueryClient();
  const enter = useEnter();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const attempt = useMutation({ mutationFn: () => signIn(queries, email, password), onSuccess: enter });
  const isRefused = attempt.error instanceof ApiError && attempt.error.status === 401;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label={t("signIn.email")}
          type="email"
          autoComplete="username"
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("signIn.password")}
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <FormFoot
          action={t("signIn.submit")}
          busy={attempt.isPending}
          disabled={!email || !password}
          failed={attempt.isError ? (isRefused ? t("signIn.wrong") : wordsOf(attempt.error)) : undefined}
        />
      </Stack>
      <div className={classes.hint}>
        <Text size="sm" c="dimmed" mb={6}>
          {t("signIn.noPassword")}
        </Text>
        <CopyBlock value={LINK_COMMAND} label={t("signIn.linkHelp")} />
      </div>
    </form>
  );
}

function ByLink({ token }: { token: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const wordsOf = useWordsOf();
  const enter = useEnter();
  const { mutate, isError, error } = useMutation({
    mutationFn: () => signInByLink(queries, token),
    onSuccess: enter,
  });
  // The link works once, so it must not be sent twice when React draws the page twice.
  const sent = useRef(false);
  useEffect(() => {
    if (sent.current) return;
    sent.current = true;
    mutate();
  }, [mutate]);
  if (!isError) return <Text c="dimmed">{t("signIn.linkWorking")}</Text>;
  const isUsed = error instanceof ApiError && error.status > 0 && error.status < 500;
  return (
    <EmptyState title={isUsed ? t("signIn.linkFailed") : t("design.failedTitle")}>
      {isUsed ? t("signIn.linkHelp") : wordsOf(error)}
      <div style={{ marginTop: 12, textAlign: "left" }}>
        <CopyBlock value={LINK_COMMAND} label={t("signIn.linkHelp")} />
      </div>
    </EmptyState>
  );
}

/** Goes where the person wanted to go; the token does not stay in the browser's history. */
function useEnter() {
  const { next } = useSearch({ from: "/sign-in" });
  const navigate = useNavigate();
  return () => void navigate({ to: next ?? "/", replace: true });
}
