# Completion of edgevoice(1) for bash. Held against the commands by tests/test_manual.py.

# The options of a command.
_edgevoice_options() {
  case $1 in
    run) echo --help --config --verbose ;;
    talk) echo --help --config --simulate --verbose ;;
    simulator) echo --help --host --port --behaviour --seed ;;
    setup)
      echo --help --config --key-file --microphone --speaker --volume --button --pin \
        --led --yes --no-try
      ;;
    check) echo --help --config ;;
    devices) echo --help ;;
    tools) echo --help --config --yes ;;
    doctor) echo --help --config --socket --json --no-questions --bundle ;;
    status | watch) echo --help --socket --json ;;
    turns) echo --help --socket --json --svg ;;
    usage) echo --help --socket --json --days --plot ;;
    *) echo --help --socket ;;
  esac
}

_edgevoice() {
  local current=$2 previous=$3 commands
  commands="run talk simulator setup check devices tools doctor press release tap say look note
    stop new mute unmute volume reload status turns usage watch"
  COMPREPLY=()
  case $previous in
    --config | --socket | --bundle | --key-file | --plot | --svg)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --host | --port | --behaviour | --seed | --days | -n) return ;;
    --microphone | --speaker | --volume | --button | --pin | --led) return ;;
  esac
  if [ "$previous" = look ] && [[ $current != -* ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  elif [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(_edgevoice_options "${COMP_WORDS[1]}")" -- "$current")
  fi
}

complete -F _edgevoice edgevoice
