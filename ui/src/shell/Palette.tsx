// One box that finds pages, projects and models by name, and opens a trace by its id.
import { Combobox, Modal, TextInput, useCombobox } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Activity, Boxes, FolderOpen, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { modelsQuery } from "../api/models";
import { usePlace, useSession } from "../session/session";
import { PAGES } from "./pages";
import classes from "./Shell.module.css";

interface Found {
  id: string;
  label: string;
  hint: string;
  icon: LucideIcon;
  go: () => void;
}

export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const combobox = useCombobox({ opened: true });
  const found = useFound(text.trim());
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first result is chosen whenever the text changes
  useEffect(() => void combobox.selectFirstOption(), [text]);
  const submit = (id: string) => {
    found.find((one) => one.id === id)?.go();
    onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={8}
      yOffset={90}
      centered={false}
      aria-label={t("nav.palette")}
    >
      <Combobox store={combobox} onOptionSubmit={submit}>
        <Combobox.EventsTarget>
          <TextInput
            data-autofocus
            variant="unstyled"
            px={8}
            placeholder={t("nav.paletteHint")}
            aria-label={t("nav.palette")}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </Combobox.EventsTarget>
        <Combobox.Options mah={380} style={{ overflowY: "auto" }} aria-label={t("nav.palette")}>
          {found.length === 0 && <Combobox.Empty>{t("nav.paletteNothing")}</Combobox.Empty>}
          {found.map(({ id, label, hint, icon: Icon }) => (
            <Combobox.Option key={id} value={id} className={classes.result}>
              <Icon size={15} />
              {label}
              <small>{hint}</small>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox>
    </Modal>
  );
}

function useFound(text: string): Found[] {
  const { t } = useTranslation();
  const { organisations } = useSession();
  const { project } = usePlace();
  const navigate = useNavigate();
  const models = useQuery(modelsQuery(project.id));
  const id = traceIdIn(text);
  if (id)
    return [
      {
        id,
        label: t("nav.openTrace", { id: `${id.slice(0, 12)}…` }),
        hint: t("nav.traces"),
        icon: Activity,
        go: () =>
          void navigate({ to: "/p/$project/traces/$trace", params: { project: project.id, trace: id } }),
      },
    ];
  const pages = PAGES.map(({ name, to, icon }) => ({
    id: `page ${name}`,
    label: t(`nav.${name}`),
    hint: name,
    icon,
    go: () => void navigate({ to, params: { project: project.id } }),
  }));
  const projects = organisations.flatMap((one) =>
    one.projects.map((other) => ({
      id: `project ${other.id}`,
      label: other.name,
      hint: one.name,
      icon: FolderOpen,
      go: () => void navigate({ to: "/p/$project", params: { project: other.id } }),
    })),
  );
  const aliases = (models.data ?? []).map((model) => ({
    id: `model ${model.alias}`,
    label: model.alias,
    hint: t("nav.models"),
    icon: Boxes,
    go: () =>
      void navigate({
        to: "/p/$project/models/view/$",
        params: { project: project.id, _splat: model.alias },
      }),
  }));
  const wanted = text.toLowerCase();
  return [...pages, ...projects, ...aliases]
    .filter((one) => `${one.label} ${one.hint}`.toLowerCase().includes(wanted))
    .slice(0, 30);
}

/** The trace id in what was pasted: bare, or inside a traceparent or an address. */
function traceIdIn(text: string): string | null {
  return /(?:^|[^0-9a-f])([0-9a-f]{32})(?:$|[^0-9a-f])/i.exec(text)?.[1]?.toLowerCase() ?? null;
}
