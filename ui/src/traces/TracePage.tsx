// One trace as a page of its own.
import { Title } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { TextLink } from "../design/links";
import { usePlace } from "../session/session";
import { TraceView } from "./TraceView";
import classes from "./TraceView.module.css";

export default function TracePage() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const { trace } = useParams({ from: "/shell/p/$project/traces/$trace" });
  const search = useSearch({ from: "/shell/p/$project/traces/$trace" });
  const navigate = useNavigate();
  useEffect(() => {
    document.title = `${t("trace.title")} ${trace.slice(0, 8)} · Madang`;
  }, [t, trace]);
  return (
    <main id="content" className={classes.page} tabIndex={-1}>
      <nav className={classes.crumbs} aria-label={t("common.back")}>
        <TextLink to="/p/$project/traces" params={{ project: project.id }} size="sm">
          {t("traces.title")}
        </TextLink>
        <span aria-hidden>›</span>
        <Title order={1} className={classes.crumb}>
          {trace.slice(0, 8)}
        </Title>
      </nav>
      <TraceView
        trace={trace}
        span={search.span}
        tab={search.tab}
        onChoose={(chosen) =>
          void navigate({ to: ".", search: (now) => ({ ...now, ...chosen }), replace: true })
        }
      />
    </main>
  );
}
