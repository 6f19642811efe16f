// The form of one model, new or known: loads what the editor needs and shows it.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { credentialsQuery } from "../api/credentials";
import { modelsQuery } from "../api/models";
import { Page } from "../design/Page";
import { NotFoundState } from "../design/states";
import { Failure } from "../session/Failure";
import { usePlace } from "../session/session";
import { ModelEditor } from "./ModelEditor";

export default function EditModelPage() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const alias = useParams({ strict: false })._splat ?? null;
  // The form must not change under the fingers of whoever fills it in.
  const models = useQuery({ ...modelsQuery(project.id), refetchOnWindowFocus: false });
  // These are only chosen from, so one that was added in another tab may appear.
  const credentials = useQuery({ ...credentialsQuery(project.id), refetchOnWindowFocus: "always" });
  const title = alias === null ? t("models.newTitle") : t("models.editTitle", { alias });
  const known = models.data?.find((model) => model.alias === alias);
  if (!models.data || !credentials.data) {
    const failed = [models, credentials].find((query) => query.isError);
    return (
      <Page title={title}>
        {failed && <Failure failure={failed.error} onRetry={() => void failed.refetch()} />}
      </Page>
    );
  }
  if (alias !== null && !known)
    return (
      <Page title={title}>
        <NotFoundState />
      </Page>
    );
  return (
    <ModelEditor
      key={alias}
      title={title}
      model={known ?? null}
      credentials={credentials.data}
      others={models.data.map((model) => model.alias).filter((other) => other !== alias)}
    />
  );
}
