// One box for the whole filter. What is committed stands as chips, what is being typed is completed from the
// fields and from the values seen in the chosen time. It reports one line of text, which belongs in the URL.
import { ActionIcon, Combobox, PillsInput, useCombobox } from "@mantine/core";
import { Search, X } from "lucide-react";
import { type KeyboardEvent, type Ref, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./FilterBar.module.css";
import { type FilterField, parseFilter, type Term, withTerms, writeFilter, writeTerm } from "./filter";
import { type KnownValue, suggestionsFor, withLastWord } from "./suggest";

interface FilterBarProps {
  value: string;
  onChange: (line: string) => void;
  fields: readonly FilterField[];
  values: Record<string, KnownValue[]>;
  inputRef?: Ref<HTMLInputElement>;
}

export function FilterBar({ value, onChange, fields, values, inputRef }: FilterBarProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState("");
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const filter = useMemo(() => parseFilter(value, fields), [value, fields]);
  const suggestions = useMemo(() => suggestionsFor(draft, fields, values), [draft, fields, values]);

  const commit = (line: string) => {
    const added = parseFilter(line, fields);
    onChange(
      writeFilter({
        ...withTerms(filter, added.terms, fields),
        text: [filter.text, added.text].filter(Boolean).join(" "),
      }),
    );
    setDraft("");
    combobox.closeDropdown();
  };
  const take = (insert: string) => {
    const suggestion = suggestions.find((one) => one.insert === insert);
    const line = withLastWord(draft, insert);
    if (suggestion?.complete) commit(line);
    else {
      setDraft(line);
      combobox.resetSelectedOption();
    }
  };
  const removeLast = () => {
    if (filter.text) {
      setDraft(filter.text);
      onChange(writeFilter({ ...filter, text: "" }));
      return;
    }
    const last = filter.terms.at(-1);
    if (!last) return;
    setDraft(writeTerm(last));
    onChange(writeFilter({ ...filter, terms: filter.terms.slice(0, -1) }));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    // Enter and Backspace belong to the input method while a Korean syllable is being put together.
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Backspace" && draft === "") removeLast();
    if (event.key === "Enter" && combobox.getSelectedOptionIndex() === -1 && draft.trim()) {
      event.preventDefault();
      commit(draft);
    }
    if (event.key === "Escape") {
      combobox.closeDropdown();
      event.currentTarget.blur();
    }
  };
  const reasonOf = (term: Term) =>
    term.wrong &&
    t(`filter.${term.wrong}`, {
      key: term.key,
      value: term.value,
      known: fields.map((field) => field.key).join(", "),
    });

  return (
    <div className={classes.bar}>
      <Combobox store={combobox} onOptionSubmit={take} transitionProps={{ duration: 60 }}>
        <Combobox.DropdownTarget>
          <PillsInput
            size="xs"
            leftSection={<Search size={14} />}
            rightSection={
              value && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={20}
                  aria-label={t("filter.clear")}
                  onClick={() => onChange("")}
                >
                  <X size={14} />
                </ActionIcon>
              )
            }
            classNames={{ input: classes.input }}
          >
            <div className={classes.chips}>
              {filter.terms.map((term) => (
                <Chip
                  key={writeTerm(term)}
                  label={writeTerm(term)}
                  wrong={reasonOf(term)}
                  onRemove={() =>
                    onChange(writeFilter({ ...filter, terms: filter.terms.filter((one) => one !== term) }))
                  }
                />
              ))}
              {filter.text && (
                <Chip
                  label={`“${filter.text}”`}
                  onRemove={() => onChange(writeFilter({ ...filter, text: "" }))}
                />
              )}
              <Combobox.EventsTarget>
                <PillsInput.Field
                  ref={inputRef}
                  className={classes.field}
                  aria-label={t("filter.label")}
                  placeholder={value ? "" : t("filter.placeholder")}
                  value={draft}
                  onChange={(event) => {
                    setDraft(event.currentTarget.value);
                    combobox.openDropdown();
                    combobox.resetSelectedOption();
                  }}
                  onFocus={() => combobox.openDropdown()}
                  onClick={() => combobox.openDropdown()}
                  onBlur={() => combobox.closeDropdown()}
                  onKeyDown={onKeyDown}
                />
              </Combobox.EventsTarget>
            </div>
          </PillsInput>
        </Combobox.DropdownTarget>
        <Combobox.Dropdown hidden={suggestions.length === 0} className={classes.dropdown}>
          <Combobox.Options aria-label={t("filter.suggestions")}>
            {suggestions.map((one) => (
              <Combobox.Option key={one.insert} value={one.insert} className={classes.option}>
                <span className={classes.shown}>{one.shown}</span>
                <span className={classes.hint}>{one.hint}</span>
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
    </div>
  );
}

function Chip({ label, wrong, onRemove }: { label: string; wrong?: string; onRemove: () => void }) {
  const { t } = useTranslation();
  return (
    <span className={classes.chip} data-wrong={wrong ? true : undefined} title={wrong}>
      {label}
      {wrong && <span className="md-unseen">{wrong}</span>}
      <button type="button" aria-label={t("filter.remove", { term: label })} onClick={onRemove}>
        <X size={12} />
      </button>
    </span>
  );
}
