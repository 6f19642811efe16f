// The button beside a table that chooses its columns and the height of its rows.
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { Check, Columns3, RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { type Column, type Density, isShown, type TableMemory } from "./table";

export function TableMenu<Row>({ columns, memory }: { columns: Column<Row>[]; memory: TableMemory }) {
  const { t } = useTranslation();
  const { prefs, setPrefs, reset } = memory;
  const toggle = (column: Column<Row>, shown: boolean) =>
    setPrefs((now) => ({ ...now, visible: { ...now.visible, [column.id]: !shown } }));
  return (
    <Menu closeOnItemClick={false} position="bottom-end" width={210}>
      <Menu.Target>
        <Tooltip label={t("design.columns")}>
          <ActionIcon variant="default" size={30} aria-label={t("design.columns")}>
            <Columns3 size={16} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown mah={460} style={{ overflowY: "auto" }}>
        <Menu.Label>{t("design.density")}</Menu.Label>
        {(["compact", "comfortable"] as Density[]).map((density) => (
          <Menu.Item
            key={density}
            leftSection={<Mark on={prefs.density === density} />}
            onClick={() => setPrefs((now) => ({ ...now, density }))}
          >
            {t(`design.${density}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t("design.columns")}</Menu.Label>
        {columns.map((column, index) => {
          const shown = isShown(column, index, prefs);
          return (
            <Menu.Item
              key={column.id}
              role="menuitemcheckbox"
              aria-checked={shown}
              disabled={index === 0 || column.always}
              leftSection={<Mark on={shown} />}
              onClick={() => toggle(column, shown)}
            >
              {column.title}
            </Menu.Item>
          );
        })}
        <Menu.Divider />
        <Menu.Item leftSection={<RotateCcw size={14} />} onClick={reset}>
          {t("design.resetColumns")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Mark({ on }: { on: boolean }) {
  return <Check size={14} style={{ visibility: on ? "visible" : "hidden" }} />;
}
