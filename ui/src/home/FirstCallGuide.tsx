// How to make a call: the four lines, what is simulated, and the three steps to a real vendor.
import { List, Select, Text, ThemeIcon } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Check, FlaskConical, Radio } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { credentialsQuery } from "../api/credentials";
import type { FirstCall } from "../api/shapes";
import { ButtonLink } from "../design/links";
import { Section } from "../design/Page";
import { usePlace, useSession } from "../session/session";
import { FourLines } from "../snippets/FourLines";
import classes from "./Home.module.css";

const SECRET = "sk-md-…";

export function FirstCallGuide({ facts }: { facts: FirstCall }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const [chosen, setChosen] = useState<string | null>(null);
  const model =
    chosen ?? facts.models.find((alias) => !alias.includes("embed")) ?? facts.models[0] ?? "gpt-4o";
  return (
    <div className={classes.guide}>
      <div className={classes.main}>
        <Section
          title={t(facts.has_calls ? "home.again" : "home.first")}
          help={t("home.firstHelp")}
          actions={
            facts.models.length > 1 && (
              <Select
                size="xs"
                aria-label={t("home.model")}
                data={facts.models}
                value={model}
                onChange={setChosen}
                allowDeselect={false}
              />
            )
          }
        >
          {facts.models.length === 0 && (
            <Text c="var(--md-warn)" mb={10}>
              {t("home.noModel")}
            </Text>
          )}
          <FourLines baseUrl={facts.base_url} secretKey={SECRET} model={model} />
          <Text size="sm" c="dimmed" mt={10}>
            {t("home.codeKey", { key: SECRET })}{" "}
            <ButtonLink
              to="/p/$project/keys"
              params={{ project: project.id }}
              search={{ add: true }}
              variant="subtle"
              size="compact-sm"
            >
              {t("home.vendorKey")}
            </ButtonLink>
          </Text>
          {!facts.has_calls && (
            <div className={classes.waiting} role="status">
              <Radio size={15} className={classes.pulse} />
              {t("home.waiting")}
            </div>
          )}
        </Section>
        {facts.sandbox && (
          <div className={classes.simulated}>
            <FlaskConical size={18} />
            <div>
              <strong>{t("home.simulatedTitle")}</strong>
              <div>{t("home.simulatedHelp")}</div>
            </div>
          </div>
        )}
      </div>
      <RealVendor facts={facts} />
    </div>
  );
}

/** The three steps to a model that is real. In the sandbox they lead to a project that is one. */
function RealVendor({ facts }: { facts: FirstCall }) {
  const { t } = useTranslation();
  const { organisations } = useSession();
  const place = usePlace();
  const all = organisations.flatMap((organisation) => organisation.projects);
  const real = place.project.is_sandbox ? all.find((one) => !one.is_sandbox) : place.project;
  const sandbox = all.find((one) => one.is_sandbox);
  const credentials = useQuery({ ...credentialsQuery(place.project.id), enabled: !facts.sandbox });
  const project = (real ?? place.project).id;
  const hasCredential = !facts.sandbox && (credentials.data?.length ?? 0) > 0;
  const hasModel = !facts.sandbox && facts.models.length > 0;
  const hasKey = !facts.sandbox && facts.public_key !== null;
  return (
    <Section title={t("home.vendorTitle")}>
      {facts.sandbox && real && (
        <Text size="sm" c="dimmed" mb={10}>
          {t("home.inProject", { project: real.name })}
        </Text>
      )}
      <List listStyleType="none" spacing={14} classNames={{ itemWrapper: classes.step }}>
        <Step
          number={1}
          isDone={hasCredential}
          title={t("home.vendorCredential")}
          help={t("home.vendorCredentialHelp")}
        >
          <ButtonLink
            to="/p/$project/credentials"
            params={{ project }}
            search={{ add: true }}
            variant={hasCredential ? "default" : "filled"}
            size="compact-sm"
          >
            {t("home.vendorCredential")}
          </ButtonLink>
        </Step>
        <Step number={2} isDone={hasModel} title={t("home.vendorModel")} help={t("home.vendorModelHelp")}>
          <ButtonLink to="/p/$project/models/new" params={{ project }} variant="default" size="compact-sm">
            {t("home.vendorModel")}
          </ButtonLink>
        </Step>
        <Step number={3} isDone={hasKey} title={t("home.vendorKey")} help={t("home.vendorKeyHelp")}>
          <ButtonLink
            to="/p/$project/keys"
            params={{ project }}
            search={{ add: true }}
            variant="default"
            size="compact-sm"
          >
            {t("home.vendorKey")}
          </ButtonLink>
        </Step>
      </List>
      {!facts.sandbox && !hasModel && sandbox && (
        <ButtonLink
          to="/p/$project"
          params={{ project: sandbox.id }}
          variant="subtle"
          size="compact-sm"
          mt={14}
        >
          {t("home.trySandbox")}
        </ButtonLink>
      )}
    </Section>
  );
}

interface StepProps {
  number: number;
  isDone: boolean;
  title: string;
  help: string;
  children: ReactNode;
}

function Step({ number, isDone, title, help, children }: StepProps) {
  const { t } = useTranslation();
  return (
    <List.Item
      icon={
        <ThemeIcon size={22} radius="xl" variant="light" color={isDone ? "green" : "accent"}>
          {isDone ? <Check size={13} /> : <span style={{ fontSize: 12 }}>{number}</span>}
          {isDone && <span className="md-unseen">{t("home.done")}</span>}
        </ThemeIcon>
      }
    >
      <div className={classes.stepTitle}>{title}</div>
      <Text size="sm" c="dimmed" mb={6}>
        {help}
      </Text>
      {children}
    </List.Item>
  );
}
