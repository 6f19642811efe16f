// The first page of a project: how to make a call until there is one, then what happened in the last day.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { firstCallQuery } from "../api/firstCall";
import { Page } from "../design/Page";
import { Tag } from "../design/Tag";
import { Failure } from "../session/Failure";
import { usePlace } from "../session/session";
import { FirstCallGuide } from "./FirstCallGuide";
import { Today } from "./Today";

export default function HomePage() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const query = useQuery(firstCallQuery(project.id));
  const tag = project.is_sandbox && <Tag tone="sim">{t("nav.sandbox")}</Tag>;
  return (
    <Page title={t("nav.home")} beside={tag}>
      {query.data ? (
        <>
          {query.data.has_calls && <Today />}
          <FirstCallGuide facts={query.data} />
        </>
      ) : (
        query.isError && <Failure failure={query.error} onRetry={() => void query.refetch()} />
      )}
    </Page>
  );
}
