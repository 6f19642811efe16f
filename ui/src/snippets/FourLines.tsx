// The four lines as tabs of code with a copy button; the language chosen last is remembered.
import { SegmentedControl } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { CopyBlock } from "../design/Copy";
import { SNIPPETS, type SnippetName, type SnippetParts, snippet } from "./snippets";

export function FourLines(parts: SnippetParts) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useLocalStorage<SnippetName>({
    key: "madang.snippet",
    defaultValue: "pythonOpenai",
  });
  return (
    <div>
      <SegmentedControl
        size="xs"
        mb={8}
        aria-label={t("snippets.languages")}
        value={chosen}
        onChange={(name) => setChosen(name as SnippetName)}
        data={SNIPPETS.map((name) => ({ value: name, label: t(`snippets.${name}`) }))}
      />
      <CopyBlock value={snippet(chosen, parts)} label={t(`snippets.${chosen}`)} />
    </div>
  );
}
